#include "tools/quantize/calibration_texts.h"

#include <algorithm>
#include <stdexcept>

#include "engine/weights/config.h"
#include "sampling/noise.h"
#include "tools/lab/reading/lab_windows.h"

namespace kelvin {
namespace {

constexpr int together = 32;          // texts written at once
constexpr int longest_written = 256;  // tokens
constexpr int longest_read = 512;

int first_token(const OpenModel& model) {
  for (const auto& token : {model.text.info.bos, model.text.info.eos})
    if (token && token->id && *token->id < model.model->config().vocab_size) return *token->id;
  if (model.stops.empty())
    throw UsageError("--calibrate own: a model with a BOS or an end token expected; a FILE will do");
  return model.stops.front();
}

struct OpenText {
  Sequence sequence;
  std::size_t index;  // of the text
};

}  // namespace

TokenTexts own_texts(OpenModel& model, int tokens, std::uint64_t seed,
                     const std::function<void(int done)>& written) {
  const int begin = first_token(model), longest = std::min(longest_written, model.context);
  TokenTexts texts;
  std::vector<OpenText> open;
  for (int done = 0; done < tokens; written(done)) {
    while (open.size() < together && done < tokens) {
      open.push_back({Sequence(*model.model, longest), texts.size()});
      texts.push_back({begin});
      ++done;
    }
    std::vector<Feed> feeds;
    for (OpenText& text : open) feeds.push_back({&text.sequence, {&texts[text.index].back(), 1}});
    std::vector<int> drawn(open.size());
    model.model->forward(feeds, [&](int feed, int position, std::span<const float> logits) {
      const std::size_t i = static_cast<std::size_t>(feed);
      drawn[i] = draw(logits, Noise(seed, open[i].index, static_cast<std::uint64_t>(position) + 1));
    });
    for (std::size_t i = 0; i < open.size() && done < tokens; ++i, ++done) {
      if (drawn[i] < 0) throw std::runtime_error("--calibrate own: the model allows no token at all");
      texts[open[i].index].push_back(drawn[i]);
    }
    std::erase_if(open, [&](const OpenText& text) {
      const std::vector<int>& ids = texts[text.index];
      return static_cast<int>(ids.size()) >= longest || std::ranges::binary_search(model.stops, ids.back());
    });
  }
  return texts;
}

TokenTexts file_texts(const OpenModel& model, const std::string& path, int tokens,
                      const std::optional<std::string>& separator) {
  const LabInput input = lab_input_file(model, path, separator);
  std::optional<int> bos;
  if (model.text.info.bos) bos = model.text.info.bos->id;
  const int longest = std::min(longest_read, model.context);
  TokenTexts texts;
  std::size_t left = static_cast<std::size_t>(tokens);
  for (Window& window : windows_of(input, bos, longest, 1, 0)) {
    if (left == 0) break;
    window.ids.resize(std::min(window.ids.size(), left));
    left -= window.ids.size();
    texts.push_back(std::move(window.ids));
  }
  return texts;
}

}  // namespace kelvin
