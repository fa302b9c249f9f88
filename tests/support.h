// What several tests need: where things lie, reading raw arrays, running a tool.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace kelvin::test {

std::filesystem::path source_dir();  // the repository
std::filesystem::path data_dir();    // tests/data
std::filesystem::path bin_dir();     // where the executables of this build are

std::string compiler();  // of this build, and the flags its objects need at link time
std::string compiler_flags();

// The folder with reference results: $KELVIN_SHARED, or ../shared of the repository. May be absent.
std::filesystem::path shared_dir();

// True if shared_dir()/relative exists; otherwise says on stdout which test data is absent, so that a skip is
// seen.
bool shared_has(const std::string& relative);

// A sample of what takes too long to run in full each time, another one each day: true for every `of`-th index,
// so that `of` days see them all. KELVIN_DAY=20421 (days since 1970) brings a day's sample back, KELVIN_WHOLE=1
// takes everything.
bool in_sample_of_today(std::size_t index, std::size_t of);

// A build without optimisation, or with sanitizers. What repeats one check many times is a sample there: the
// optimised build runs it in full.
bool slow_build();
// True in a slow build for what is not in today's sample, false in others.
bool left_out_today(std::size_t index, std::size_t of);

std::string read_text(const std::filesystem::path& path);  // throws std::runtime_error

inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// The same values bit by bit: 0 and -0 differ, a NaN equals itself.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b);

// A raw little-endian array without header, as the goldens have them.
template <class T>
std::vector<T> read_array(const std::filesystem::path& path) {
  const std::string bytes = read_text(path);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(values.size() * sizeof(T)),
            reinterpret_cast<char*>(values.data()));
  return values;
}

// A folder under the system's temporary folder, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Finished {
  int status;  // exit status, or 128 + signal
  std::string out, err;
};

// Runs a program (argv[0] without '/' is taken from bin_dir()) with `input` on stdin and extra "NAME=value"
// environment.
Finished run(const std::vector<std::string>& argv, const std::string& input = "",
             const std::vector<std::string>& environment = {});

// A tool, with one thread unless `argv` says otherwise: what is tested does not depend on it, and a busy machine
// is slow with more.
Finished run_tool(std::vector<std::string> argv, const std::string& input = "");

}  // namespace kelvin::test
