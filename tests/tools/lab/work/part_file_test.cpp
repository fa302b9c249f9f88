#include "tools/lab/work/part_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "loaders/files/load_error.h"
#include "tests/support.h"
#include "tools/lab/work/long_work.h"

namespace kelvin {
namespace {

// Squares of 0 ... 6, of which `computed` remembers those that were worked out.
LongWork<int> squares(std::vector<std::size_t>& computed, std::size_t last = 99) {
  LongWork<int> work;
  work.header = {"squares", "abc", {}, 7, R"({"of":7})"};
  work.compute = [&computed, last](std::size_t unit, const int&, const LongWork<int>::Save&) {
    if (unit > last) throw Interrupted();
    computed.push_back(unit);
    return static_cast<int>(unit * unit);
  };
  work.write = [](const int& square) { return "[" + std::to_string(square) + "]"; };
  work.read = [](JsonValue json) { return static_cast<int>(json.at(std::size_t{0}).as_int()); };
  return work;
}

const std::vector<int> all_squares = {0, 1, 4, 9, 16, 25, 36};

struct Shards {
  test::TemporaryFolder folder;
  std::vector<std::string> paths;
  explicit Shards(std::size_t count) {
    std::vector<std::size_t> computed;
    for (std::size_t i = 1; i <= count; ++i) {
      paths.push_back((folder.path() / ("part" + std::to_string(i))).string());
      WorkFlags flags;
      flags.shard = Shard{i, count};
      flags.part = paths.back();
      CHECK_FALSE(run_work(flags, squares(computed)));
    }
    CHECK(computed.size() == 7);
  }
  std::vector<int> merged(const std::vector<std::string>& files) const {
    std::vector<std::size_t> none;
    return read_results(merge_parts(files, "squares"), squares(none));
  }
};

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != text.npos;
}

TEST_CASE("shards are joined in the order of units, however many and in whatever order they come") {
  for (const std::size_t count : {2, 3, 7, 9}) {
    const Shards shards(count);
    CHECK(shards.merged(shards.paths) == all_squares);
    CHECK(shards.merged({shards.paths.rbegin(), shards.paths.rend()}) == all_squares);
    CHECK(merge_parts(shards.paths, "squares").header.about == R"({"of":7})");
  }
}

TEST_CASE("a shard that is missing, twice there, unfinished or of other work is named") {
  const Shards shards(3);
  const auto error = [&](const std::vector<std::string>& files) {
    return message([&] { merge_parts(files, "squares"); });
  };
  const auto& p = shards.paths;
  CHECK(says(error({p[0], p[2]}), "shard 2/3 is missing"));
  CHECK(says(error({p[0], p[1], p[1]}), p[1] + " and " + p[1] + " are both shard 2/3"));
  CHECK(says(message([&] { merge_parts(p, "cubes"); }), "kind \"cubes\" expected, one of squares found"));

  const std::string whole = test::read_text(p[1]);
  std::ofstream(p[1]) << whole.substr(0, whole.size() - 4);
  CHECK(says(error(p), p[1] + ": unfinished, unit 4 is missing; run shard 2/3 again"));
  std::ofstream(p[1]) << whole << "{\"unit\":4,\"result\":[16]}\n";
  CHECK(says(error(p), "unit 4 stands here a second time"));
  std::ofstream(p[1]) << whole << "{\"unit\":3,\"result\":[9]}\n";
  CHECK(says(error(p), "a unit of shard 2/3 of 7 units expected, 3 found"));
  std::string other = whole;
  other.replace(other.find("abc"), 3, "abd");
  std::ofstream(p[1]) << other;
  CHECK(says(error(p), "parts of different work"));
  std::ofstream(p[1]) << "no part\n";
  CHECK_THROWS_AS(merge_parts(p, "squares"), LoadError);
  std::ofstream(p[1]) << "";
  CHECK(says(error(p), "an empty file found"));
}

TEST_CASE("an interrupted run goes on where it was, and does nothing twice") {
  const test::TemporaryFolder folder;
  WorkFlags flags;
  flags.part = (folder.path() / "part").string();
  std::vector<std::size_t> computed;
  CHECK_THROWS_AS(run_work(flags, squares(computed, 3)), Interrupted);
  CHECK(computed.size() == 4);
  // Killed in the middle of a line.
  std::ofstream(*flags.part, std::ios::app) << "{\"unit\":4,\"resu";
  computed.clear();
  CHECK(*run_work(flags, squares(computed)) == all_squares);
  CHECK(computed == std::vector<std::size_t>{4, 5, 6});
  computed.clear();
  CHECK(*run_work(flags, squares(computed)) == all_squares);
  CHECK(computed.empty());
  CHECK(read_results(merge_parts({*flags.part}, "squares"), squares(computed)) == all_squares);
}

// Words of three letters, told letter by letter; stops before the `last`-th letter of all.
LongWork<std::string> words(std::size_t last, bool replaces) {
  LongWork<std::string> work;
  work.header = {"words", "abc", {}, 4, "{}"};
  work.compute = [=](std::size_t unit, const std::string& done, const LongWork<std::string>::Save& save) {
    std::string word = done;
    while (word.size() < 3) {
      if (3 * unit + word.size() >= last) throw Interrupted();
      const std::string letter(1, static_cast<char>('a' + 3 * unit + word.size()));
      word += letter;
      save(replaces ? word : letter);
    }
    return replaces ? word : "";
  };
  work.write = [](const std::string& text) { return "\"" + text + "\""; };
  work.read = [](JsonValue json) { return std::string(json.as_string()); };
  if (!replaces) work.join = [](std::string& whole, std::string piece) { whole += piece; };
  work.saved = [last] { return std::to_string(last) + " of 12 letters"; };
  return work;
}

TEST_CASE("a unit that was interrupted goes on within itself, wherever that was") {
  const std::vector<std::string> all = {"abc", "def", "ghi", "jkl"};
  for (const bool replaces : {false, true}) {
    CHECK(*run_work({}, words(99, replaces)) == all);
    for (std::size_t first = 0; first <= 12; ++first) {
      CAPTURE(first);
      const test::TemporaryFolder folder;
      WorkFlags flags;
      flags.part = (folder.path() / "part").string();
      const auto stop = [&](std::size_t last) {
        return message([&] { run_work(flags, words(last, replaces)); });
      };
      if (first < 12)
        CHECK(says(stop(first), "interrupted; " + std::to_string(first) + " of 12 letters are in " +
                                    *flags.part + "; go on with:"));
      if (first < 11) stop(first + 1);
      CHECK(*run_work(flags, words(99, replaces)) == all);
      CHECK(read_results(merge_parts({*flags.part}, "words"), words(0, replaces)) == all);
      // Nothing is left to do.
      CHECK(*run_work(flags, words(0, replaces)) == all);
    }
  }
  CHECK(says(message([] { run_work({}, words(5, false)); }),
             "interrupted; nothing was saved: with --part FILE"));
}

TEST_CASE("pieces that were replaced leave the file") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "part").string(), large(300000, 'x');
  PartFile part(path, {"words", "abc", {}, 2, "{}"});
  std::uintmax_t most = 0;
  for (int i = 0; i < 40; ++i) {
    part.replace_piece(i < 30 ? 0 : 1, "\"" + large + std::to_string(i) + "\"");
    if (i == 29) part.add(0, "\"whole\"");
    most = std::max(most, std::filesystem::file_size(path));
  }
  CHECK(most < 3000000);
  part.add(1, "\"end\"");
  const MergedParts merged = merge_parts({path}, "words");
  CHECK(merged.units[0].pieces.back() == "\"whole\"");
  CHECK(merged.units[1].pieces.back() == "\"end\"");
}

TEST_CASE("files that are something else are left alone") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "file").string();
  WorkFlags flags;
  flags.part = path;
  std::vector<std::size_t> computed;
  for (const std::string text :
       {"a text without line end", "a text\nwith lines\n", "{\"part\":\"cubes\"}\n"}) {
    std::ofstream(path) << text;
    CHECK_THROWS(run_work(flags, squares(computed)));
    CHECK(test::read_text(path) == text);
  }
  std::filesystem::remove(path);
  flags.shard = Shard{1, 2};
  run_work(flags, squares(computed));
  const std::string before = test::read_text(path);
  flags.shard = Shard{2, 2};
  CHECK(says(message([&] { run_work(flags, squares(computed)); }),
             "shard 2/2), found one of squares, shard 1/2"));
  CHECK(test::read_text(path) == before);
  const PartFile held(path, {"squares", "abc", {1, 2}, 7, R"({"of":7})"});
  flags.shard = Shard{1, 2};
  CHECK(says(message([&] { run_work(flags, squares(computed)); }), "another run is writing this part"));
  flags.part = "/dev/full";
  CHECK_THROWS(run_work(flags, squares(computed)));
}

TEST_CASE("how a shard is named") {
  CHECK(parse_shard("2/3").index == 2);
  CHECK(parse_shard("12/12").count == 12);
  for (const char* wrong : {"", "1", "0/3", "4/3", "-1/3", "1/0", "a/b", "1/2/3", "1.5/2"})
    CHECK_THROWS_AS(parse_shard(wrong), UsageError);
}

}  // namespace
}  // namespace kelvin
