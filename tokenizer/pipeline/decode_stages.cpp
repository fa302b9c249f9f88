#include <algorithm>
#include <utility>
#include <variant>

#include "tokenizer/pipeline/decoder.h"
#include "tokenizer/pipeline/length_limit.h"
#include "tokenizer/pipeline/normalizer.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

using Pieces = std::vector<std::string>;

// Each piece by itself: what `change` makes of it. `index` counts the pieces.
template <class Change>
class EachPiece final : public DecodeStage {
 public:
  explicit EachPiece(Change change) : change_(std::move(change)) {}
  void push(std::string_view piece, Pieces& out) override { out.push_back(change_(piece, index_++)); }
  void finish(Pieces&) override { index_ = 0; }

 private:
  Change change_;
  std::size_t index_ = 0;
};

template <class Change>
std::unique_ptr<DecodeStage> each_piece(Change change) {
  return std::make_unique<EachPiece<Change>>(std::move(change));
}

// All pieces as one, known only at the end.
template <class Change>
class WholeText final : public DecodeStage {
 public:
  explicit WholeText(Change change) : change_(std::move(change)) {}
  void push(std::string_view piece, Pieces&) override { text_ += piece; }
  void finish(Pieces& out) override { out.push_back(change_(std::exchange(text_, {}), 0)); }

 private:
  Change change_;
  std::string text_;
};

// Bytes to text; an incomplete character waits for the next piece.
class ByteLevelStage final : public DecodeStage {
 public:
  void push(std::string_view piece, Pieces& out) override {
    const auto bytes = unicode::text_to_bytes(piece);
    held_ += bytes ? std::string_view(*bytes) : piece;
    // Only the last three bytes can begin a character that is not complete.
    std::size_t ready = held_.size();
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, held_.size()); ++back) {
      const unicode::Utf8Part part = unicode::utf8_part(std::string_view(held_).substr(held_.size() - back));
      if (part.cut_short && part.length == back) ready = held_.size() - back;
    }
    std::string text;
    unicode::append_lossy(text, std::string_view(held_).substr(0, ready));
    held_.erase(0, ready);
    out.push_back(std::move(text));
  }
  void finish(Pieces& out) override {
    std::string text;
    unicode::append_lossy(text, std::exchange(held_, {}));
    out.push_back(std::move(text));
  }

 private:
  std::string held_;
};

// <0xNN> tokens: a run of them is text if all of it is well-formed, else one U+FFFD for each. So it is known
// only behind the run.
class ByteFallbackStage final : public DecodeStage {
 public:
  void push(std::string_view piece, Pieces& out) override {
    if (const int byte = unicode::byte_of_token(piece); byte >= 0) {
      held_ += static_cast<char>(static_cast<unsigned char>(byte));
      return;
    }
    finish(out);
    out.emplace_back(piece);
  }
  void finish(Pieces& out) override {
    if (held_.empty()) return;
    if (unicode::is_utf8(held_))
      out.push_back(held_);
    else
      out.insert(out.end(), held_.size(), "\uFFFD");
    held_.clear();
  }

 private:
  std::string held_;
};

// Takes `content` away from the front and the back of the one text that the pieces make up.
class StripFusedStage final : public DecodeStage {
 public:
  explicit StripFusedStage(StripPiece spec) : spec_(std::move(spec)), left_(spec_.start) {}
  void push(std::string_view piece, Pieces& out) override {
    while (left_ > 0 && !piece.empty()) {
      if (!piece.starts_with(spec_.content)) {
        left_ = 0;
        break;
      }
      piece.remove_prefix(spec_.content.size());
      --left_;
    }
    std::size_t n = 0;  // contents at the end of the piece
    const std::size_t size = spec_.content.size();
    while (piece.substr(0, piece.size() - n * size).ends_with(spec_.content)) ++n;
    const bool nothing_else = n * size == piece.size();
    // What may be the end of the text stays: at most `stop` contents.
    const std::size_t known = nothing_else ? held_ + n : n;
    const std::size_t keep = std::min(spec_.stop, known);
    std::string text;
    for (std::size_t i = 0; i < (nothing_else ? known - keep : held_); ++i) text += spec_.content;
    if (!nothing_else) text += piece.substr(0, piece.size() - keep * size);
    held_ = keep;
    out.push_back(std::move(text));
  }
  void finish(Pieces&) override {
    held_ = 0;
    left_ = spec_.start;
  }

 private:
  StripPiece spec_;
  std::size_t left_;
  std::size_t held_ = 0;  // contents at the end so far
};

// Behind every piece but the last the suffix is a space, behind the last nothing.
class BpeSuffixStage final : public DecodeStage {
 public:
  explicit BpeSuffixStage(std::string suffix) : suffix_(Regex::literal(suffix)) {}
  void push(std::string_view piece, Pieces& out) override {
    if (waiting_) out.push_back(replaced(held_, suffix_, " "));
    held_ = piece;
    waiting_ = true;
  }
  void finish(Pieces& out) override {
    if (std::exchange(waiting_, false)) out.push_back(replaced(held_, suffix_, ""));
  }

 private:
  Regex suffix_;
  std::string held_;
  bool waiting_ = false;
};

std::string strip_piece(std::string_view piece, const StripPiece& strip) {
  for (std::size_t i = 0; i < strip.start && piece.starts_with(strip.content); ++i)
    piece.remove_prefix(strip.content.size());
  for (std::size_t i = 0; i < strip.stop && piece.ends_with(strip.content); ++i)
    piece.remove_suffix(strip.content.size());
  return std::string(piece);
}

// The spaces that English spelling does not have (the reference's clean_up).
std::string cleaned_up(std::string text) {
  static const std::pair<std::string_view, std::string_view> rules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules) text = replaced(text, Regex::literal(from), to);
  return text;
}

std::string of_ctc(std::string_view piece, const CtcPieces& ctc) {
  std::string text(piece);
  if (!ctc.pad_token.empty()) text = replaced(text, Regex::literal(ctc.pad_token), "");
  if (ctc.cleanup) text = cleaned_up(std::move(text));
  if (ctc.cleanup && !ctc.word_delimiter_token.empty())
    text = replaced(text, Regex::literal(ctc.word_delimiter_token), " ");
  return text;
}

// A piece that is like the one before it does not count, nor does one of which nothing is left.
class CtcStage final : public DecodeStage {
 public:
  explicit CtcStage(CtcPieces spec) : spec_(std::move(spec)) {}
  void push(std::string_view piece, Pieces& out) override {
    if (last_ == piece) return;
    last_ = piece;
    if (std::string text = of_ctc(piece, spec_); !text.empty()) out.push_back(std::move(text));
  }
  void finish(Pieces&) override { last_.reset(); }

 private:
  CtcPieces spec_;
  std::optional<std::string> last_;
};

struct Maker {
  bool fused;
  using Stage = std::unique_ptr<DecodeStage>;

  template <class Change>
  Stage by_piece(Change change) const {
    if (fused) return std::make_unique<WholeText<Change>>(std::move(change));
    return each_piece(std::move(change));
  }
  Stage operator()(const ReplacePiece& replace) const {
    return by_piece(
        [pattern = replace.pattern.regex(), content = replace.content](std::string_view piece, std::size_t) {
          const std::size_t max = max_length_from(piece.size());
          std::string text = replaced(piece, pattern, content, max);
          check_length(text.size(), max, "decoder");
          return text;
        });
  }
  Stage operator()(const ByteFallbackPieces&) const {
    if (fused)  // the whole text is no <0xNN>, or it is all there is
      return std::make_unique<WholeText<std::string (*)(std::string_view, std::size_t)>>(
          [](std::string_view piece, std::size_t) {
            const int byte = unicode::byte_of_token(piece);
            std::string text;
            if (byte < 0) return std::string(piece);
            unicode::append_lossy(text, std::string(1, static_cast<char>(static_cast<unsigned char>(byte))));
            return text;
          });
    return std::make_unique<ByteFallbackStage>();
  }
  Stage operator()(const FusePieces&) const {
    return each_piece([](std::string_view piece, std::size_t) { return std::string(piece); });
  }
  Stage operator()(const StripPiece& strip) const {
    if (fused) return std::make_unique<StripFusedStage>(strip);
    return each_piece([strip](std::string_view piece, std::size_t) { return strip_piece(piece, strip); });
  }
  Stage operator()(const MetaspacePieces& metaspace) const {
    const bool drop_first = metaspace.prepend_scheme != PrependScheme::never;
    return by_piece([mark = Regex::literal(metaspace.replacement), drop_first](std::string_view piece,
                                                                               std::size_t index) {
      return replaced(piece, mark, index == 0 && drop_first ? "" : " ");
    });
  }
  Stage operator()(const ByteLevelPieces&) const {
    if (!fused) return std::make_unique<ByteLevelStage>();
    return by_piece([](std::string_view piece, std::size_t) {
      const auto bytes = unicode::text_to_bytes(piece);
      std::string text;
      unicode::append_lossy(text, bytes ? std::string_view(*bytes) : piece);
      return text;
    });
  }
  Stage operator()(const WordPiecePieces& words) const {
    return by_piece([words](std::string_view piece, std::size_t index) {
      std::string text(piece);
      if (index > 0) text = piece.starts_with(words.prefix) ? text.substr(words.prefix.size()) : " " + text;
      return words.cleanup ? cleaned_up(std::move(text)) : text;
    });
  }
  Stage operator()(const BpeSuffixPieces& suffix) const {
    if (fused)
      return by_piece([mark = Regex::literal(suffix.suffix)](std::string_view piece, std::size_t) {
        return replaced(piece, mark, "");
      });
    return std::make_unique<BpeSuffixStage>(suffix.suffix);
  }
  Stage operator()(const CtcPieces& ctc) const {
    if (fused) return by_piece([ctc](std::string_view piece, std::size_t) { return of_ctc(piece, ctc); });
    return std::make_unique<CtcStage>(ctc);
  }
};

}  // namespace

std::unique_ptr<DecodeStage> make_decode_stage(const DecoderSpec& spec, bool fused) {
  return std::visit(Maker{fused}, spec);
}

std::unique_ptr<DecodeStage> make_join_stage() {
  return each_piece(
      [](std::string_view piece, std::size_t index) { return (index ? " " : "") + std::string(piece); });
}

}  // namespace kelvin::tokenizer
