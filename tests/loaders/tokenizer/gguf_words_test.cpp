#include "loaders/tokenizer/gguf_words.h"

#include <doctest/doctest.h>

#include "tokenizer/pipeline/pretokenize.h"

using namespace kelvin;

namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view name, const std::string& text) {
  const std::optional<GgufWords> words = gguf_words(name);
  REQUIRE(words);
  tokenizer::PieceList list;
  tokenizer::PreTokenizer(words->pre_tokenizers, true).run(text, 0, list);
  Words parts;
  for (const tokenizer::Piece& piece : list.pieces)
    parts.emplace_back(list.text.substr(piece.begin, piece.end - piece.begin));
  return parts;
}

}  // namespace

TEST_CASE("all names of llama.cpp and ik_llama.cpp are known, and their rules lose no text") {
  for (const char* name : {"a.x-4.0",
                           "afmoe",
                           "bailingmoe",
                           "bailingmoe2",
                           "bloom",
                           "chameleon",
                           "chatglm-bpe",
                           "codeshell",
                           "cohere2_moe",
                           "cohere2moe",
                           "command-r",
                           "dbrx",
                           "deepseek-coder",
                           "deepseek-llm",
                           "deepseek-r1-qwen",
                           "deepseek-v3",
                           "default",
                           "exaone",
                           "exaone-moe",
                           "exaone4",
                           "f2llmv2",
                           "falcon",
                           "falcon-h1",
                           "falcon3",
                           "gemma4",
                           "gigachat",
                           "glm4",
                           "gpt-2",
                           "gpt-4o",
                           "gpt3-finnish",
                           "granite-docling",
                           "granite-embed-multi-311m",
                           "granite-embed-multi-97m",
                           "grok-2",
                           "hunyuan",
                           "hunyuan-dense",
                           "hy_v4",
                           "jais",
                           "jais-2",
                           "jina-de",
                           "jina-es",
                           "jina-v1-en",
                           "jina-v2-code",
                           "jina-v2-de",
                           "jina-v2-es",
                           "jina-v5-nano",
                           "joyai-llm",
                           "kanana2",
                           "kimi-k2",
                           "kormo",
                           "laguna",
                           "lfm2",
                           "llada-moe",
                           "llama-bpe",
                           "llama-v3",
                           "llama3",
                           "llama4",
                           "megrez",
                           "mellum",
                           "mellum2",
                           "midm-2.0",
                           "minerva-7b",
                           "minicpm5",
                           "minimax-m2",
                           "modern-bert",
                           "mpt",
                           "olmo",
                           "openpangu",
                           "phi-2",
                           "pixtral",
                           "poro-chat",
                           "qwen2",
                           "qwen35",
                           "refact",
                           "roberta-bpe",
                           "sarvam-moe",
                           "seed-coder",
                           "smaug-bpe",
                           "smollm",
                           "solar-open",
                           "spark2_5",
                           "stablelm2",
                           "starcoder",
                           "superbpe",
                           "talkie",
                           "tekken",
                           "tiny_aya",
                           "trillion",
                           "ufakzeka",
                           "viking",
                           "youtu"}) {
    std::string joined;
    const std::string text = "It's 1234567 \u4E2D\u6587x, \u00E9A\u0301!\r\n\n  end ";
    for (const std::string& word : words_of(name, text)) joined += word;
    CHECK_MESSAGE(joined == text, name);
  }
  CHECK_FALSE(gguf_words("whitespace"));
  CHECK_FALSE(gguf_words("qwen2 megrez"));
}

TEST_CASE("digits: in threes from the front or from the end, one by one, or together") {
  CHECK(words_of("llama-bpe", "x1234567") == Words{"x", "123", "456", "7"});
  CHECK(words_of("tiny_aya", "x 1234567,12") == Words{"x", " ", "1", "234", "567", ",", "12"});
  CHECK(words_of("tiny_aya", "1234567a") ==
        Words{"123", "456", "7", "a"});  // no end of a word: the other rule
  CHECK(words_of("afmoe", "x1234567 12") == Words{"x", "1", "234", "567", " ", "12"});
  CHECK(words_of("superbpe", "a b 1234567!") == Words{"a b ", "1", "234", "567", "!"});
  CHECK(words_of("viking", "ab 12") == Words{"ab", " ", "1", "2"});
  CHECK(words_of("bloom", "ab 12, c|d") == Words{"ab", " 12", ",", " c", "|", "d"});
  CHECK(words_of("minicpm5", "ab1234") == Words{"ab", "123", "4"});
  CHECK(words_of("deepseek-llm", "ab 1234") == Words{"ab", " ", "1234"});
  CHECK(words_of("chameleon", "IMGIMGABZ1 2") == Words{"IMGIMGABZ", "1", " ", "2"});
}

TEST_CASE("scripts, cases, contractions and lines") {
  CHECK(words_of("kimi-k2", "Ab\u4E2D\u6587cD's") == Words{"Ab", "\u4E2D\u6587", "c", "D's"});
  CHECK(words_of("gpt-4o", "Ab\u4E2DcD's") == Words{"Ab\u4E2Dc", "D's"});
  CHECK(words_of("youtu", "\uAC00\u4E2D\uFF0Cx1") == Words{"\uAC00", "\u4E2D", "\uFF0C", "x", "1"});
  CHECK(words_of("exaone-moe", "ab cd, 12") == Words{"ab cd", ",", " ", "1", "2"});
  CHECK(words_of("ufakzeka", "ev's") == Words{"ev", "'s"});
  CHECK(words_of("ufakzeka", "a'sx") == Words{"a", "'sx"});
  CHECK(words_of("qwen2", "a'sx") == Words{"a", "'s", "x"});
  CHECK(words_of("laguna", "a!\n\nb") == Words{"a", "!", "\n\n", "b"});
  CHECK(words_of("qwen2", "a!\n\nb") == Words{"a", "!\n\n", "b"});
  CHECK(words_of("jais-2", "a" + std::string(7, ' ') + "b") == Words{"a", "    ", "  ", " b"});
  CHECK(words_of("spark2_5", "a!\nb") == Words{"a", "!", "\n", "b"});
}
