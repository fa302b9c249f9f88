#include "tools/lab/lab_reading.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

// Shared by the documents of one text.
struct Reading {
  OpenModel& model;
  const ReadingOptions& options;
  LabText& text;
  RowReader& rows;
  std::function<void(int judged)> progress;  // of the document
};

// `offset`: tokens of the documents before.
void read_document(const Reading& reading, const std::vector<int>& ids, int offset) {
  const auto& bos = reading.model.text.info.bos;
  const int total = static_cast<int>(ids.size()), context = reading.model.context;
  const int prefix = bos && bos->id && ids.front() == *bos->id ? 1 : 0;
  const int overlap = reading.text.overlap;
  if (total > context && (overlap < 1 || overlap >= context - prefix))
    throw UsageError("--overlap: a number from 1 to " + std::to_string(context - prefix - 1) +
                     " expected for a context of " + std::to_string(context) + " tokens, " +
                     std::to_string(overlap) + " found");
  Sequence sequence(*reading.model.model, std::min(context, total));
  const int first = std::min(total, std::max(1, reading.options.skip));
  int judged = first;  // tokens that need no judgement any more; nothing stands before the first
  for (bool later = false; judged < total; later = true) {
    const int begin = later ? judged - overlap : 0;
    const int skipped = later ? prefix : 0;
    const int end = std::min(total, begin + context - skipped);
    // A later window's BOS takes the place of the token before it.
    std::vector<int> window(ids.begin() + begin - skipped, ids.begin() + end);
    window.front() = skipped > 0 ? ids.front() : window.front();
    sequence.truncate(0);
    ForwardOptions forward;
    forward.stop = reading.options.stop;
    const Feed feed{&sequence, window, Want::all};
    const auto sink = [&](int, int position, std::span<const float> logits) {
      const int next = begin + position - skipped + 1;  // in the document
      if (next < judged || next >= end) return;
      reading.rows.add(logits, offset + next, ids[static_cast<std::size_t>(next)]);
      if (reading.options.on_row)
        reading.options.on_row(logits, offset + next, ids[static_cast<std::size_t>(next)]);
      reading.progress(next);
    };
    if (!reading.model.model->forward(std::span(&feed, 1), sink, forward))
      throw std::runtime_error("interrupted");
    judged = std::max(first, end);
    ++reading.text.windows;
  }
}

}  // namespace

LabText read_lab_text(OpenModel& model, const LabInput& input, const ReadingOptions& options) {
  std::size_t total = 0;
  for (const auto& ids : input.documents) total += ids.size();
  LabText text;
  text.name = input.name;
  text.bytes = input.bytes;
  text.overlap = options.overlap < 0 ? model.context / 2 : options.overlap;
  text.documents = input.documents.size();
  text.windows = 0;
  text.steps.reserve(total);
  text.facts.reserve(total);

  for (const auto& ids : input.documents)
    for (std::size_t i = 1; i < std::min(ids.size(), static_cast<std::size_t>(std::max(0, options.skip)));
         ++i)
      text.bytes -= std::min(text.bytes, model.tokenizer().bytes(ids[i]).size());

  RowReader rows(text, model.model->config().vocab_size, model.model->threads());
  ProgressBar bar("reading " + input.name, "tok");
  int offset = 0;
  const Reading reading{model, options, text, rows,
                        [&](int judged) { bar.update(offset + judged, static_cast<double>(total)); }};
  for (const auto& ids : input.documents) {
    read_document(reading, ids, offset);
    offset += static_cast<int>(ids.size());
  }
  rows.finish();
  return text;
}

}  // namespace kelvin
