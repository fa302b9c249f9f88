#include "tools/inspect/check_run.h"
#include "engine/weights/config.h"

#include <algorithm>
#include <ostream>

#include "loaders/json/json_writer.h"
#include "tools/inspect/check_report.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {

void CheckFlags::add_to(Flags& flags) {
  flags.group("proof");
  flags.option(
      "check", "GOLDEN",
      "compare with a dump made by another implementation (a folder with manifest.json): exit status "
      "1 where logits, -ln p, argmax or hidden states differ, and the first layer that does",
      to(golden));
  flags.option("tolerance", "X", "for --check: of logits, absolute (default: the dump's own, or 0.001)",
               to(tolerance, 0.0, 1e30));
}

int run_check(std::ostream& out, const ModelFlags& flags, const CheckFlags& check, bool json) {
  const std::unique_ptr<Model> model = open_model_alone(flags);
  const ModelConfig& config = model->config();
  const GoldenDump dump = read_golden(*check.golden, {static_cast<std::size_t>(config.vocab_size),
                                                      static_cast<std::size_t>(config.hidden_size),
                                                      static_cast<std::size_t>(config.n_layers)});
  const double tolerance = check.tolerance.value_or(dump.tolerance.value_or(default_check_tolerance));
  bool agrees = true;
  double largest = 0;
  for (const GoldenSequence& golden : dump.sequences) {
    ProgressBar bar("forward", "tok");
    const SequenceCheck found =
        check_sequence(*model, golden, tolerance, [&](int done, int total) { bar.update(done, total); });
    bar.finish();
    agrees = agrees && found.agrees;
    largest = std::max(largest, found.logits_error);
    out << (json ? check_json(found) : check_text(found)) << std::flush;
  }
  if (json) {
    JsonWriter line;
    line.begin_object().member("agrees", agrees).member("max_logits_error", largest);
    out << line.member("tolerance", tolerance).end_object().text() << "\n";
  } else {
    out << (agrees ? "the model agrees with the dump" : "the model DIFFERS from the dump") << " (tolerance "
        << tolerance << ")\n";
  }
  return agrees ? 0 : 1;
}

}  // namespace kelvin
