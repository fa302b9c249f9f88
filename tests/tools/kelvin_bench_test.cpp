// kelvin-bench on the demo model: what it says is there, of one piece, and independent of how it is measured.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"

using namespace kelvin;

namespace {

JsonDocument bench(std::vector<std::string> flags) {
  std::vector<std::string> argv = {"kelvin-bench", "--prefill", "40",    "--decode", "3",
                                   "--repeat",     "1",         "--json"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const test::Finished finished = test::run(argv);
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  return parse_json(finished.out);
}

}  // namespace

TEST_CASE("the report has every figure, and parts that add up") {
  const JsonDocument document =
      bench({"--profile", "--threads", "2", "--kv", "q8", "--weights", "q4", "--sweep-threads"});
  const JsonValue report = document.root();
  CHECK(report.at("kv").as_string() == "q8");
  CHECK(report.at("weights").as_string() == "q4");
  for (const char* key : {"prefill_tok_s", "decode_tok_s", "bytes_per_token", "read_gb_s",
                          "machine_read_gb_s", "prefill_gflops", "machine_fma_gflops", "machine_int8_gops"}) {
    CAPTURE(key);
    CHECK(report.at(key).as_double() > 0);
  }
  for (const char* work : {"prefill", "decode"}) {
    double seconds = 0;
    for (const JsonValue part : report.at("profile").at(work).items())
      seconds += part.at("seconds").as_double();
    const bool prefill = work == std::string("prefill");
    const double all =
        prefill ? 40 / report.at("prefill_tok_s").as_double() : 3 / report.at("decode_tok_s").as_double();
    CHECK(seconds > 0);
    CHECK(seconds <= all);
  }
  CHECK(report.at("profile").at("sampling_seconds").as_double() > 0);
  REQUIRE(report.at("sweep").size() == 2);
  CHECK(report.at("sweep").at(0).at("threads").as_int() == 1);
  CHECK(report.at("sweep").at(1).at("threads").as_int() == 2);
}

TEST_CASE("company and threads do not change a bit") {
  const std::string alone = std::string(bench({"--threads", "1"}).root().at("logits_sha256").as_string());
  const JsonDocument company = bench({"--sequences", "3", "--threads", "2"});
  CHECK(company.root().at("sequences").as_int() == 3);
  CHECK(company.root().at("logits_sha256").as_string() == alone);
  const JsonDocument far = bench({"--context", "300"});
  CHECK(far.root().at("context").as_int() == 300);
  CHECK(far.root().at("logits_sha256").as_string() != alone);
}

TEST_CASE("text for people names the limits") {
  const test::Finished finished =
      test::run({"kelvin-bench", "--prefill", "8", "--decode", "2", "--repeat", "1", "--profile"});
  CHECK(finished.status == 0);
  for (const char* words : {"prefill ", "decode ", "machine  reads", "attention_out", "mlp_down", "sampling"})
    CHECK_MESSAGE(finished.out.find(words) != std::string::npos, words);
}
