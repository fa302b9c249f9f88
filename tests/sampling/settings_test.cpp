#include "sampling/settings.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sampling/statistics/boltzmann.h"
#include "tests/support.h"

using namespace kelvin;

namespace {

SamplerSettings with(std::vector<std::pair<std::string, std::string>> flags) {
  SamplerSettings settings;
  for (const auto& [name, value] : flags) settings.set(name, value, Source::flag, "--" + name);
  return settings;
}

std::vector<std::string> names_of(const Chain& chain) {
  std::vector<std::string> names;
  for (const auto& link : chain.links()) names.push_back(link.type.name);
  return names;
}

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("flags beat generation_config, which beats the defaults; the chain says where from") {
  SamplerSettings settings;
  CHECK(settings.chain().text() == "temp=0.8");
  CHECK(test::holds(settings.chain().describe(), "default"));
  CHECK(settings.set_from_generation_config("temperature", 0.6));
  CHECK(settings.set_from_generation_config("top_p", 0.9));
  CHECK(settings.set_from_generation_config("top_k", 0));
  CHECK(!settings.set_from_generation_config("max_new_tokens", 512));
  CHECK(settings.chain().text() == "top-p=0.9,temp=0.6");
  CHECK(test::holds(settings.chain().describe(), "generation_config.json"));
  settings.set("temp", "-0.001", Source::flag, "--temp");
  CHECK(settings.chain().text() == "top-p=0.9,temp=-0.001");
  settings.set("temp", "2", Source::flag, "/set");
  CHECK(settings.chain().text() == "top-p=0.9,temp=2");
  settings.set("top-p", "off", Source::flag, "/set");
  CHECK(settings.chain().text() == "temp=2");
  settings.set("temp", "off", Source::flag, "/set");
  CHECK(settings.chain().links().empty());
}

TEST_CASE("the default truncation goes where another is named, and beyond the usual temperatures") {
  const auto chain_of = [](const std::vector<std::pair<std::string, std::string>>& flags,
                           const std::vector<std::pair<std::string, double>>& makers = {}) {
    SamplerSettings settings = with(flags);
    for (const auto& [key, value] : makers) REQUIRE(settings.set_from_generation_config(key, value));
    settings.set_default_truncation("min-p", "0.05");
    return std::pair(settings.chain().text(), settings.note());
  };
  using Result = std::pair<std::string, std::string>;
  CHECK(chain_of({}) == Result{"min-p=0.05,temp=0.8", ""});
  for (const std::string t : {"0.001", "1", "1.99", "2"})
    CHECK(chain_of({{"temp", t}}) == Result{"min-p=0.05,temp=" + t, ""});
  for (const std::string t : {"2.01", "100", "inf", "-0.001", "-1", "-0"})
    CHECK(chain_of({{"temp", t}}) ==
          Result{"temp=" + t, "temp=" + t + " acts on the whole vocabulary: the default min-p=0.05 is off"});
  CHECK(chain_of({{"temp", "0"}}) == Result{"temp=0", ""});
  CHECK(chain_of({{"temp", "0.0"}}) == Result{"temp=0", ""});
  CHECK(chain_of({{"beta", "inf"}}) == Result{"beta=inf", ""});
  CHECK(chain_of({{"temp", "0.5:origin=zero"}}) == Result{"min-p=0.05,temp=0.5:origin=zero", ""});
  CHECK(chain_of({{"temp", "3:origin=zero"}}).first == "temp=3:origin=zero");
  CHECK(chain_of({{"beta", "2"}}) == Result{"min-p=0.05,beta=2", ""});
  CHECK(chain_of({{"beta", "0.25"}}).first == "beta=0.25");
  CHECK(chain_of({{"temp-schedule", "'0.5'"}}).first == "temp-schedule=0.5");
  CHECK(chain_of({{"temp", "off"}}) == Result{"min-p=0.05", ""});
  CHECK(chain_of({{"temp", "off"}, {"beta", "-1"}}).first == "beta=-1");
  // Whoever names a truncation, if only to switch it off, has chosen.
  CHECK(chain_of({{"top-k", "40"}}) == Result{"top-k=40,temp=0.8", ""});
  CHECK(chain_of({{"min-p", "0.1"}}) == Result{"min-p=0.1,temp=0.8", ""});
  CHECK(chain_of({{"min-p", "off"}}) == Result{"temp=0.8", ""});
  CHECK(chain_of({{"top-p", "off"}, {"temp", "100"}}) == Result{"temp=100", ""});
  CHECK(chain_of({}, {{"temperature", 0.6}}) == Result{"min-p=0.05,temp=0.6", ""});
  CHECK(chain_of({}, {{"temperature", 0.6}, {"top_p", 0.9}}) == Result{"top-p=0.9,temp=0.6", ""});
  CHECK(chain_of({}, {{"top_p", 1}}) == Result{"temp=0.8", ""});
  CHECK(chain_of({{"temp", "-1"}}, {{"top_p", 0.9}}) == Result{"top-p=0.9,temp=-1", ""});
  CHECK(chain_of({{"sample", "temp=100"}}) == Result{"temp=100", ""});
  CHECK(chain_of({{"sample", "raw"}}) == Result{"", ""});
}

TEST_CASE("another kind of temperature replaces a weaker source's temp") {
  SamplerSettings settings;
  settings.set_from_generation_config("temperature", 0.6);
  settings.set("beta", "2", Source::flag, "--beta");
  CHECK(settings.chain().text() == "beta=2");
  settings.set("temp", "1", Source::flag, "--temp");
  CHECK(test::holds(error_of([&] { settings.chain(); }), "more than one temperature"));
}

TEST_CASE("a whole chain stands for itself and does not mix with plain flags") {
  CHECK(with({{"sample", "top-k=3,temp=2,min-p=0.1,temp=0.5"}}).chain().text() ==
        "top-k=3,temp=2,min-p=0.1,temp=0.5");
  CHECK(test::holds(error_of([] { with({{"sample", "temp=1"}, {"top-k", "3"}}).chain(); }), "--top-k"));
  CHECK(test::holds(error_of([] {
                      with({{"sample", "temp=1"}, {"order", "hf"}}).chain();
                    }),
                    "--order and --sample contradict each other"));
  CHECK(with({{"sample", "temp=1"}, {"order", "hf"}, {"order", "off"}}).chain().text() == "temp=1");
  SamplerSettings settings;
  settings.set_from_generation_config("top_k", 20);
  settings.set("sample", "temp=1", Source::flag, "--sample");
  CHECK(settings.chain().text() == "temp=1");
}

TEST_CASE("bans add up, aliases are the same stage") {
  CHECK(with({{"ban", "id:1"}, {"ban", "id:2"}}).chain().text() == "ban=\"id:1\",ban=\"id:2\",temp=0.8");
  CHECK(with({{"temperature", "1.5"}, {"repetition-penalty", "1.2"}}).chain().text() ==
        "penalty=1.2,temp=1.5");
}

TEST_CASE("a bad value changes nothing") {
  SamplerSettings settings;
  settings.set("temp", "0.7", Source::flag, "--temp");
  CHECK(test::holds(error_of([&] { settings.set("temp", "nan", Source::flag, "--temp"); }), "nan"));
  CHECK(test::holds(error_of([&] { settings.set("tmep", "1", Source::flag, "--tmep"); }), "did you mean"));
  CHECK(test::holds(error_of([&] { settings.set("order", "lama.cpp", Source::flag, "--order"); }),
                    "did you mean \"llama.cpp\"?"));
  CHECK(test::holds(error_of([&] { settings.set("padding", "drop", Source::flag, "--padding"); }),
                    "padding: mask or draw expected, \"drop\" found"));
  CHECK(test::holds(error_of([&] { settings.set("nonfinite", "ignore", Source::flag, "--nonfinite"); }),
                    "error or mask"));
  CHECK(settings.chain().text() == "temp=0.7");
  CHECK(settings.chain().non_finite() == NonFinite::error);
  settings.set("nonfinite", "mask", Source::flag, "--nonfinite");
  CHECK(settings.chain().non_finite() == NonFinite::mask);
}

TEST_CASE("each named order is that of its engine") {
  const auto in_order = [](const std::string& order) {
    return names_of(with({{"min-p", "0.05"},
                          {"top-k", "40"},
                          {"temp", "0.8"},
                          {"top-p", "0.9"},
                          {"penalty", "1.1"},
                          {"order", order}})
                        .chain());
  };
  using Names = std::vector<std::string>;
  CHECK(in_order("default") == Names{"penalty", "top-k", "top-p", "min-p", "temp"});
  CHECK(in_order("hf") == Names{"penalty", "temp", "top-k", "top-p", "min-p"});
  CHECK(in_order("llama.cpp") == Names{"penalty", "top-k", "top-p", "min-p", "temp"});
  CHECK(in_order("vllm") == Names{"penalty", "temp", "min-p", "top-k", "top-p"});
  CHECK(in_order("mlx") == Names{"penalty", "top-p", "min-p", "top-k", "temp"});
  CHECK(in_order("ollama") == Names{"penalty", "top-k", "temp", "top-p", "min-p"});
}

TEST_CASE("stages that an order does not name find a sensible place") {
  const auto chain = [](const std::string& order) {
    return names_of(with({{"mirostat-2", "3"},
                          {"tail-free", "0.9"},
                          {"temp-dynamic", "1"},
                          {"ban", "id:1"},
                          {"top-k", "4"},
                          {"dry", "1"},
                          {"order", order}})
                        .chain());
  };
  using Names = std::vector<std::string>;
  CHECK(chain("hf") == Names{"dry", "ban", "temp-dynamic", "top-k", "tail-free", "mirostat-2"});
  CHECK(chain("mlx") == Names{"ban", "dry", "top-k", "tail-free", "temp-dynamic", "mirostat-2"});
}

TEST_CASE("a named order brings its engine's meanings, the user's own words win") {
  CHECK(with({{"top-k", "4"}, {"top-p", "0.5"}, {"temp", "2"}, {"order", "hf"}}).chain().text() ==
        "temp=2:origin=zero,top-k=4:ties=all,top-p=0.5:meaning=hf");
  CHECK(with({{"top-k", "4:ties=lowest-id"}, {"order", "hf"}}).chain().text() ==
        "temp=0.8:origin=zero,top-k=4");
  CHECK(with({{"penalty", "1.1"}, {"temp", "off"}, {"order", "llama.cpp"}}).chain().text() ==
        "penalty=1.1:last=64");
  CHECK(with({{"presence", "0.5"}, {"temp", "off"}, {"order", "vllm"}}).chain().text() ==
        "presence=0.5:of=output");
}

TEST_CASE("the same settings keep different tokens in different orders") {
  const std::vector<float> raw = {3, 2, 1, 0, -1};
  const auto kept = [&](const std::string& order) {
    std::vector<float> logits = raw;
    ChainState state;
    with({{"temp", "2"}, {"min-p", "0.2"}, {"order", order}}).chain().apply(logits, Step{}, state);
    std::size_t n = 0;
    for (const float z : logits) n += z != impossible;
    return n;
  };
  CHECK(kept("llama.cpp") == 2);  // exp(-1) > 0.2 > exp(-2)
  CHECK(kept("hf") == 4);         // exp(-1.5) > 0.2 > exp(-2)
}
