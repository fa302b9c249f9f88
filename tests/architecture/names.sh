#!/bin/sh
# Fails where a name with external linkage is defined in two files. Of two inline functions with one signature the
# linker keeps one; an optimised build has inlined both by then, so a Debug build would compute something else.
# Arguments: folders; all of the product without any. Read are the definitions at namespace scope outside anonymous
# namespaces, of functions, types and inline variables, in every .h and .cpp. Overloads differ by their parameters' types.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- engine tokenizer sampling loaders tools
find "$@" -name '*.h' -o -name '*.cpp' | LC_ALL=C sort | while read -r file; do
  # The main of each program is its own.
  case "$file" in tools/kelvin_*.cpp) ;; *) echo "$file" ;; esac
done | xargs awk '
  # What stands at the beginning of a line is at namespace scope (clang-format sees to it), until its { or ; comes.
  function scope(   text, i) {
    text = ""
    for (i = 1; i <= depth; ++i) text = text space[i] "::"
    return text
  }
  function hidden(   i) {
    for (i = 1; i <= depth; ++i) if (space[i] == "") return 1
    return 0
  }
  # "const Row& row = first" -> "const Row&"
  function type_of(parameter) {
    sub(/ *=.*/, "", parameter)
    gsub(/^ +| +$/, "", parameter)
    if (parameter ~ /[A-Za-z_0-9>&*\]] *[ &*]+[A-Za-z_][A-Za-z_0-9]*$/) sub(/[A-Za-z_][A-Za-z_0-9]*$/, "", parameter)
    gsub(/ /, "", parameter)
    return parameter
  }
  function types_of(list,   i, c, level, one, types) {
    one = types = ""
    level = 0
    for (i = 1; i <= length(list); ++i) {
      c = substr(list, i, 1)
      if (c ~ /[<({]/) ++level
      if (c ~ /[>)}]/) --level
      if (c == "," && level == 0) { types = types type_of(one) ","; one = "" } else one = one c
    }
    return types type_of(one)
  }
  function defined(name) {
    name = scope() name
    if (name in place && place[name] != FILENAME) {
      print name "\n  " place[name] "\n  " FILENAME
      bad = 1
    }
    place[name] = FILENAME
  }
  function take(text,   name, open, level, i, c, rest) {
    if (hidden() || text ~ /^(static|using|typedef|extern|friend|#|static_assert)/) return
    if (text ~ /^(const|constexpr) / && text !~ /\) *(noexcept *)?\{$/) return  # a constant of each file
    sub(/^template <[^{]*> *(requires [^{]*)?\n/, "template ", text)
    gsub(/\n */, " ", text)
    gsub(/\[\[[^]]*\]\] */, "", text)
    if (text ~ /^template <>/) return  # a specialisation: its own argument list tells it apart
    if (text ~ /^(template )?(struct|class|union|enum)/ && text ~ /\{$/ && text !~ /\) *\{$/) {
      sub(/^template (<[^{]*> )?/, "", text)
      sub(/^(struct|union|enum class|enum|class) (alignas\([^)]*\) )?/, "", text)
      if (match(text, /^[A-Za-z_:0-9]+/)) defined("type " substr(text, 1, RLENGTH))
      return
    }
    if (text ~ /^inline [^(]*(=|\{)/) {
      sub(/ *[={\[].*/, "", text)
      sub(/.*[ *&]/, "", text)
      defined("variable " text)
      return
    }
    if (text !~ /\{$/) return  # only declared
    # The first ( behind a name is that of the parameters, but for operator().
    if (!match(text, /(operator *(\(\)|[^ (]+)|[A-Za-z_0-9:~]+)\(/)) return
    name = substr(text, RSTART, RLENGTH - 1)
    open = RSTART + RLENGTH
    level = 1
    for (i = open; i <= length(text) && level > 0; ++i) {
      c = substr(text, i, 1)
      level += (c == "(") - (c == ")")
    }
    rest = substr(text, i)
    defined(name "(" types_of(substr(text, open, i - open - 1)) ")" (rest ~ /^ *const/ ? " const" : ""))
  }

  FNR == 1 { depth = 0; text = "" }
  { sub(/ *\/\/.*$/, "") }
  text == "" && /^namespace [A-Za-z_:0-9]* *=/ { next }
  text == "" && /^(inline )?namespace/ {
    name = $0
    sub(/^(inline )?namespace */, "", name)
    sub(/ *\{.*/, "", name)
    if (/\}$/) next
    space[++depth] = name
    next
  }
  open_body { if (/^\}/) open_body = 0; next }
  text == "" && /^\}/ { if (depth > 0) --depth; next }
  text == "" && /^[A-Za-z_~\[]/ { text = $0 }
  text != "" && text != $0 { text = text "\n" $0 }
  text != "" && /(\{|;|\})$/ {
    if (/\}$/) sub(/ *\{[^{}]*\}$/, " {", text)  # the body on the same line
    else if (/\{$/) open_body = 1
    take(text)
    text = ""
  }
  END { exit bad }'
