// A chat as a file: JSON, for /save and /load.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/jinja/clock.h"
#include "tools/options/template_options.h"

namespace kelvin {

struct SavedMessage {
  std::string role;  // "user" (or "tool", in its place) or "assistant"
  std::string content;
  std::uint32_t attempt = 0;  // assistant: how often /regen had asked again; part of the noise
};

struct SavedChat {
  std::string model;  // the folder, for the reader
  std::optional<std::string> system;
  // An answer after each question, which is what the user or, one after the other, tools say. Results of tools may stand
  // at the end while others are still to come.
  std::vector<SavedMessage> messages;
  std::uint64_t seed = 0;
  std::string sample;      // chain text
  std::string non_finite;  // "error" or "mask"
  int max_tokens = 0;      // of an answer; 0: as many as the context holds
  Clock clock;             // the day that a template which asks for it is told
  TemplateOptions chat_template;
};

std::string session_text(const SavedChat& chat);  // valid UTF-8 of `chat` comes back exactly
// `name` begins every error. Throws LoadError on anything but what session_text() writes.
SavedChat parse_session(std::string text, const std::string& name);

void save_session(const SavedChat& chat, const std::filesystem::path& path);
SavedChat load_session(const std::filesystem::path& path);

}  // namespace kelvin
