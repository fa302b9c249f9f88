#include "loaders/gguf/gguf_model.h"

#include <algorithm>
#include <cstdio>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_latent.h"
#include "loaders/gguf/gguf_tensors.h"

namespace kelvin {
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t max_parts = 99999;  // what the five digits of a name hold

std::string part_suffix(std::int64_t number, std::int64_t count) {
  char text[32];
  std::snprintf(text, sizeof text, "-%05d-of-%05d.gguf", static_cast<int>(number), static_cast<int>(count));
  return text;
}

// Where the digits of "-00002-of-00003.gguf" say so, its number; else 1.
int part_number(const std::string& name) {
  constexpr std::size_t length = 20;
  if (name.size() <= length) return 1;
  const std::string end = name.substr(name.size() - length);
  const bool form = end[0] == '-' && end.substr(6, 4) == "-of-" && end.substr(15) == ".gguf" &&
                    end.substr(1, 5).find_first_not_of("0123456789") == end.npos;
  return form ? std::stoi(end.substr(1, 5)) : 1;
}

std::int64_t part_count(const GgufFile& header) {
  const auto count = header.find("split.count");
  return count ? std::max<std::int64_t>(count->int_in(0, max_parts), 1) : 1;
}

}  // namespace

std::optional<fs::path> find_gguf(const fs::path& model) {
  std::error_code error;
  if (!fs::is_directory(model, error)) return fs::exists(model, error) ? std::optional(model) : std::nullopt;
  if (fs::symlink_status(model / "config.json", error).type() != fs::file_type::not_found)
    return std::nullopt;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model, error))
    if (entry.path().extension() == ".gguf" && part_number(entry.path().filename().native()) == 1)
      found.push_back(entry.path());
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    throw LoadError(path_text(model), "one GGUF file expected, " + std::to_string(found.size()) + " found (" +
                                          path_text(found[0].filename()) + ", " +
                                          path_text(found[1].filename()) + ", ...): name the one to load");
  }
  return found.empty() ? std::nullopt : std::optional(found.front());
}

GgufModel::GgufModel(const fs::path& path) : path_(path) {
  auto file = MappedFile::open(path);
  auto header = std::make_unique<const GgufFile>(file->bytes(), path_text(path));
  parts_.push_back({std::move(file), std::move(header)});
  add_parts();
}

void GgufModel::add_parts() {
  const std::int64_t count = part_count(main());
  if (count == 1) return;
  const auto number = main().find("split.no");
  const std::string name = path_.filename().native(), suffix = part_suffix(1, count);
  if ((number && number->as_int() != 0) || !name.ends_with(suffix))
    main()
        .at("split.count")
        .fail("the first of " + std::to_string(count) + " parts expected, NAME" + suffix + ", " +
              in_quotes(name) + " found");
  const std::string stem = name.substr(0, name.size() - suffix.size());
  for (std::int64_t i = 2; i <= count; ++i) {
    const fs::path path = path_.parent_path() / (stem + part_suffix(i, count));
    auto file = MappedFile::open(path);
    auto header = std::make_unique<const GgufFile>(file->bytes(), path_text(path));
    const GgufValue own = header->at("split.no");
    if (own.as_int() != i - 1)
      own.fail(std::to_string(i - 1) + " expected, " + std::to_string(own.as_int()) + " found");
    parts_.push_back({std::move(file), std::move(header)});
  }
  std::size_t tensors = 0;
  for (const Part& part : parts_) tensors += part.header->tensors().size();
  if (const auto total = main().find("split.tensors.count");
      total && static_cast<std::uint64_t>(total->as_int()) != tensors)
    total->fail(std::to_string(total->as_int()) + " tensors in all parts expected, " +
                std::to_string(tensors) + " found");
}

GgufKeys GgufModel::keys() const {
  std::vector<const GgufFile*> headers;
  for (const Part& part : parts_) headers.push_back(part.header.get());
  return GgufKeys(std::move(headers));
}

TensorFiles GgufModel::tensors() const {
  const GgufKeys keys = this->keys();
  const GgufFamily& family = gguf_family(keys);
  std::vector<TensorFiles::Tensor> tensors;
  for (const Part& part : parts_) add_gguf_tensors(*part.header, part.file, keys, family, tensors);
  if (family.latent) join_latent_tensors(tensors, main().name());
  return TensorFiles(path_, "its metadata", std::move(tensors),
                     [&family](std::string_view name) { return gguf_tensor_name(family, name); });
}

}  // namespace kelvin
