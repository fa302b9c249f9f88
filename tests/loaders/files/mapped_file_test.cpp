#include "loaders/files/mapped_file.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("a mapped file shows its bytes, links are followed, an empty file is empty") {
  const TemporaryFolder folder;
  write_file(folder.path() / "f", "bytes");
  write_file(folder.path() / "empty", "");
  std::filesystem::create_symlink("f", folder.path() / "link");
  for (const char* name : {"f", "link"}) {
    const auto file = MappedFile::open(folder.path() / name);
    REQUIRE(file->bytes().size() == 5);
    CHECK(std::string(reinterpret_cast<const char*>(file->bytes().data()), 5) == "bytes");
  }
  CHECK(MappedFile::open(folder.path() / "empty")->bytes().empty());
}

TEST_CASE("a released part reads the same afterwards") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>('a' + i % 26);
  write_file(folder.path() / "f", text);
  const auto file = MappedFile::open(folder.path() / "f");
  file->release(file->bytes().subspan(5000, 60'000));
  file->release(file->bytes().subspan(100, 10));
  CHECK(std::equal(text.begin(), text.end(), reinterpret_cast<const char*>(file->bytes().data())));
}

TEST_CASE("anything but a readable regular file is refused, without waiting") {
  const TemporaryFolder folder;
  const auto error_of = [&](const char* name) {
    return load_error([&] { MappedFile::open(folder.path() / name); });
  };
  std::filesystem::create_directory(folder.path() / "folder");
  REQUIRE(mkfifo((folder.path() / "fifo").c_str(), 0600) == 0);
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  CHECK(holds(error_of("folder"), "folder: a regular file expected, a folder found"));
  CHECK(holds(error_of("fifo"), "fifo: a regular file expected, a device, pipe or socket found"));
  CHECK(holds(error_of("loop"), "loop: a readable file expected: "));
  CHECK(holds(error_of("absent"), "absent: a readable file expected: No such file"));
  CHECK(holds(load_error([] { MappedFile::open("/dev/zero"); }), "a device, pipe or socket found"));
}
