// What a system wants to know of a tool, from the table of its options: a man page, and completions of shells.
#include <algorithm>
#include <array>
#include <cctype>

#include "tools/options/flags.h"

namespace kelvin {
namespace {

// Options whose value is a path, by the word that stands for it.
bool takes_file(std::string_view placeholder) {
  constexpr std::array<std::string_view, 7> paths = {"FILE", "FILES", "DIR", "MODEL", "IN", "OUT", "GOLDEN"};
  return std::find(paths.begin(), paths.end(), placeholder) != paths.end() || placeholder.ends_with("|FILE");
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find(from, at), text.size());
    result += text.substr(at, next - at);
    if (next < text.size()) result += to;
    at = next + from.size();
  }
  return result;
}

// Text as roff shows it: a hyphen that can be copied, no escape, no request at the beginning of a line.
std::string roff(std::string_view text) {
  std::string result = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  result = replaced(result, "\n.", "\n\\&.");
  result = replaced(result, "\n'", "\n\\&'");
  return (result.starts_with('.') || result.starts_with('\'') ? "\\&" : "") + result;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// In single quotes, as every shell reads them.
std::string for_shell(std::string_view text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

std::string identifier(const std::string& program) { return "_" + replaced(program, "-", "_"); }

}  // namespace

std::string Flags::man_page() const {
  std::string out = ".TH " + upper(program_) + " 1 \"\" \"kelvin " KELVIN_VERSION "\" \"Kelvin\"\n";
  out += ".SH NAME\n" + roff(program_) + " \\- " + roff(purpose_) + "\n.SH SYNOPSIS\n.B " + roff(program_) +
         "\n";
  for (const Entry& entry : entries_)
    if (entry.kind == Entry::Kind::operand) out += "[\\fI" + roff(entry.placeholder) + "\\fR]\n";
  out += "[options]\n";
  if (!examples_.empty()) {
    out += ".SH EXAMPLES\n.EX\n";
    for (const std::string& command : examples_) out += roff(command) + "\n";
    out += ".EE\n";
  }
  for (const Entry& entry : shown("all")) {
    if (entry.kind == Entry::Kind::title) {
      out += ".SH " + roff(upper(entry.text)) + "\n";
    } else if (entry.kind == Entry::Kind::paragraph) {
      out += ".PP\n" + roff(entry.text) + "\n";
    } else {
      out += ".TP\n";
      if (!entry.name.empty()) out += "\\fB" + roff(dashed(entry.name)) + "\\fR";
      for (const std::string& name : entry.also) out += ", \\fB" + roff(dashed(name)) + "\\fR";
      if (!entry.placeholder.empty())
        out += (entry.name.empty() ? "\\fI" : " \\fI") + roff(entry.placeholder) + "\\fR";
      out += "\n" + roff(entry.text) + "\n";
    }
  }
  for (const auto& [word, text] : explained_) {
    const std::size_t end = text.find('\n');
    out += ".SH " + roff(upper(text.substr(0, end))) + "\n.EX\n" + roff(text.substr(end + 1)) + ".EE\n";
  }
  out += ".SH EXIT STATUS\n0; 2 after a wrong flag, value or file; 130 after an interruption; otherwise 1\n";
  return out;
}

std::string Flags::bash_completion() const {
  std::string names, files, values;
  const auto add = [](std::string& list, const char* between, const std::string& name) {
    list += (list.empty() ? "" : between) + name;
  };
  for (const Entry& entry : shown("all")) {
    if (entry.name.empty()) continue;
    for (const std::string& name : entry.names()) {
      add(names, " ", dashed(name));
      if (entry.placeholder.empty()) continue;
      add(takes_file(entry.placeholder) ? files : values, "|", dashed(name));
    }
  }
  std::string out = "# bash completion for " + program_ + "\n" + identifier(program_) + "() {\n";
  out += "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n  case $before in\n";
  if (!files.empty()) out += "    " + files + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n";
  if (!values.empty()) out += "    " + values + ") COMPREPLY=(); return ;;\n";
  out += "  esac\n  if [[ $word == -* ]]; then\n    COMPREPLY=($(compgen -W " + for_shell(names) +
         " -- \"$word\"))\n  else\n    COMPREPLY=($(compgen -f -- \"$word\"))\n  fi\n}\n";
  return out + "complete -o filenames -F " + identifier(program_) + " " + program_ + "\n";
}

std::string Flags::zsh_completion() const {
  std::string out = "#compdef " + program_ + "\n_arguments";
  for (const Entry& entry : shown("all")) {
    if (entry.kind == Entry::Kind::operand) {
      out += " \\\n  " + for_shell(":" + entry.placeholder + ":_files");
    } else if (!entry.name.empty()) {
      std::string text = entry.text;
      for (const char* special : {"\\", "[", "]", ":"})
        text = replaced(text, special, std::string("\\") + special);
      for (const std::string& name : entry.names()) {
        std::string spec = dashed(name) + "[" + text + "]";
        if (!entry.placeholder.empty())
          spec += ":" + replaced(entry.placeholder, ":", "\\:") + ":" +
                  (takes_file(entry.placeholder) ? "_files" : "");
        out += " \\\n  " + for_shell("*" + spec);
      }
    }
  }
  return out + "\n";
}

std::string Flags::fish_completion() const {
  std::string out = "# fish completion for " + program_ + "\n";
  for (const Entry& entry : shown("all")) {
    if (entry.name.empty()) continue;
    out += "complete -c " + program_;
    for (const std::string& name : entry.names()) out += (name.size() == 1 ? " -s " : " -l ") + name;
    if (!entry.placeholder.empty()) out += takes_file(entry.placeholder) ? " -r -F" : " -x";
    out += " -d " + for_shell(replaced(entry.text, "\\", "\\\\")) + "\n";
  }
  return out;
}

}  // namespace kelvin
