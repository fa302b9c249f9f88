// The program of sampling/README.md, "Add a sampler in ten minutes", built outside the tree against the installed
// library.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support.h"

namespace {

namespace fs = std::filesystem;

// The fenced block of sampling/README.md whose first line is `first`, without that line.
std::string block(const std::string& first) {
  std::istringstream lines(kelvin::test::read_text(kelvin::test::source_dir() / "sampling/README.md"));
  std::string text, line;
  bool inside = false, found = false;
  while (std::getline(lines, line)) {
    if (line.rfind("```", 0) == 0) {
      if (found) return text;
      inside = !inside && std::getline(lines, line) && line == first;
      found = inside;
    } else if (found) {
      text += line + "\n";
    }
  }
  return "";
}

kelvin::test::Finished sh(const std::string& command) {
  return kelvin::test::run({"/bin/sh", "-c", command});
}

}  // namespace

TEST_CASE("a sampler from outside the tree works by name") {
  kelvin::test::TemporaryFolder folder;
  const std::string at = folder.path().string();
  const std::string program = block("// veto.cpp"), build = block("# CMakeLists.txt");
  REQUIRE(!program.empty());
  REQUIRE(!build.empty());
  std::ofstream(folder.path() / "veto.cpp") << program;
  std::ofstream(folder.path() / "CMakeLists.txt") << build;

  const std::string tree = kelvin::test::bin_dir().parent_path().string();
  const auto installed = sh("cmake --install '" + tree + "' --prefix '" + at + "/kelvin'");
  INFO(installed.out, installed.err);
  REQUIRE(installed.status == 0);

  // What is installed runs by itself and finds the demo model beside it.
  const auto generated =
      sh("'" + at + "/kelvin/bin/kelvin-generate' --prompt 'Once upon a time' --temp 0 --n 4");
  CHECK(generated.status == 0);
  CHECK(generated.out.find(", ") != std::string::npos);

  const auto built =
      sh("cd '" + at + "' && cmake -S . -B build -DCMAKE_PREFIX_PATH='" + at +
         "/kelvin' -DCMAKE_CXX_COMPILER='" + kelvin::test::compiler() + "' -DCMAKE_CXX_FLAGS='" +
         kelvin::test::compiler_flags() + "' && cmake --build build");
  INFO(built.out, built.err);
  REQUIRE(built.status == 0);

  const auto told = sh("'" + at + "/build/veto' '" + at +
                       "/kelvin/share/kelvin/ember' 'Once upon a time' 'veto=0.95,temp=0'");
  INFO(told.err);
  REQUIRE(told.status == 0);
  CHECK(told.out.find("veto=0.95") != std::string::npos);
  // Greedily the model says ", " here with p > 0.99; that is what the stage forbids.
  CHECK(told.out.find("Once upon a time,") == std::string::npos);
  CHECK(told.out.find("Once upon a time") != std::string::npos);

  // Feedback is honoured: what string-ban takes back is written otherwise, and mirostat moves with every token.
  const auto story = [&](const std::string& chain) {
    return sh("'" + at + "/build/veto' '" + at + "/kelvin/share/kelvin/ember' 'Once upon a' '" + chain + "'")
        .out;
  };
  CHECK(story("temp=0").find("Once upon a time") != std::string::npos);
  CHECK(story("string-ban= time,temp=0").find("Once upon a time") == std::string::npos);
  const std::string tame = story("mirostat-2=0.2:rate=1"), frozen = story("mirostat-2=0.2:rate=0");
  CHECK(tame.substr(tame.find('\n')) != frozen.substr(frozen.find('\n')));

  const auto refused = sh("'" + at + "/build/veto' '" + at + "/kelvin/share/kelvin/ember' x 'veto=1.5' 2>&1");
  CHECK(refused.status != 0);
}
