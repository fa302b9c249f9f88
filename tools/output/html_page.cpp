#include "tools/output/html_page.h"

#include "tools/options/flags.h"
#include "tools/output/svg_plot.h"

namespace kelvin {
namespace {

constexpr const char* page_style = R"(
:root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--soft:#5b6570;--line:#d8dde2;--panel:#f5f7f9;--accent:#1668c7}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e6e8ea;--soft:#9aa5b0;--line:#333a41;--panel:#1d2226;--accent:#6db3ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}
p{max-width:60rem}a{color:var(--accent)}.soft{color:var(--soft)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:left;border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right}
.scroll{overflow:auto;max-height:32rem;border:1px solid var(--line);display:inline-block;max-width:100%}
.scroll th{position:sticky;top:0;background:var(--panel)}
svg{max-width:100%;height:auto}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:1rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
)";

bool is_number(const std::string& cell) {
  return cell.empty() || cell == "-" || parse_real(cell) ||
         (cell.ends_with(" %") && parse_real(std::string_view(cell).substr(0, cell.size() - 2)));
}

}  // namespace

std::string html_of(const HtmlPage& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  out += escape_markup(page.title) + "</title>\n<style>" + page_style + plot_style() + page.style +
         "</style>\n</head>\n<body>\n";
  out += "<h1>" + escape_markup(page.title) + "</h1>\n" + page.body;
  if (!page.script.empty()) out += "\n<script>\n" + page.script + "\n</script>";
  return out + "\n</body>\n</html>\n";
}

std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numeric(header.size(), true);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && i < numeric.size(); ++i)
      numeric[i] = numeric[i] && is_number(row[i]);
  const auto cell = [&](const char* tag, std::size_t column, const std::string& text) {
    const std::string name = tag;
    const std::string kind = column < numeric.size() && numeric[column] ? " class=\"number\"" : "";
    return "<" + name + kind + ">" + escape_markup(text) + "</" + name + ">";
  };
  std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
  for (std::size_t i = 0; i < header.size(); ++i) out += cell("th", i, header[i]);
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) out += cell("td", i, row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace kelvin
