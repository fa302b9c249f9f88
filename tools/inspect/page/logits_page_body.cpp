#include "tools/inspect/page/logits_page_script.h"

namespace kelvin {

std::string logits_page_body() {
  return R"html(<noscript><p>This report needs JavaScript; it loads nothing from anywhere.</p></noscript>
<fieldset id="modes"><legend>Colour tokens by</legend></fieldset>
<p id="legend" class="soft"></p>
<div id="text" tabindex="0" role="listbox" aria-label="Tokens; arrow keys move, Home and End jump"></div>
<p class="soft">Click a token, or walk with the arrow keys. <span id="left-out"></span></p>
<section id="detail" aria-live="polite">
<h2 id="title"></h2>
<p id="note" class="soft"></p>
<div id="body">
<dl id="facts"></dl>
<div id="heat">
<label for="beta-slider">&beta; = 1/T from &minus;&infin; (least likely) over 0 (all alike) to +&infin; (most likely)</label>
<input id="beta-slider" type="range" min="-1000" max="1000" step="1">
<div class="row"><label>&beta; <input id="beta-box" size="12" autocomplete="off"></label>
<label>T <input id="temperature-box" size="12" autocomplete="off"></label>
<button id="reset" type="button">T = 1</button></div>
<dl id="readings"></dl>
</div>
<svg id="curves" class="plot" viewBox="0 0 640 300" role="img" aria-label="Probability of the chosen tokens over temperature"></svg>
<p><label><input id="logarithmic" type="checkbox"> logarithmic p</label>
<span class="soft">&ensp;Tick tokens below to draw their p over T; the dashed line is the slider.</span></p>
<div class="pair">
<div><h3>The model</h3><div class="scroll list" tabindex="0"><table><thead><tr><th></th><th class="number">rank</th><th>token</th><th class="number">logit</th><th class="number">p at T = 1</th><th class="number">p at &beta;</th></tr></thead><tbody id="raw"></tbody></table></div></div>
<div><h3>After the chain</h3><div class="scroll list" tabindex="0"><table><thead><tr><th></th><th class="number">rank</th><th>token</th><th class="number">p</th><th class="number">p of the model</th></tr></thead><tbody id="processed"></tbody></table></div></div>
</div>
<h3>Stage by stage</h3><div class="scroll" tabindex="0"><table><thead><tr><th>stage</th><th class="number">possible</th><th>removed</th><th class="number">S / nats</th><th>likeliest</th></tr></thead><tbody id="stages"></tbody></table></div>
<h3>The same luck at other temperatures</h3><div class="scroll" tabindex="0"><table><tbody id="luck"></tbody></table></div>
<div id="lens-part"><h3>Layer by layer</h3><p class="soft">What the model would say if it ended there (raw lens: early layers need not speak the head's language). KL: how far that is from what it says in the end.</p><div class="scroll" tabindex="0"><table><thead><tr><th class="number">layer</th><th class="number">KL / nats</th><th class="number">S / nats</th><th class="number">p of the token</th><th class="number">rank</th><th>likeliest</th></tr></thead><tbody id="lens"></tbody></table></div></div>
</div>
</section>
)html";
}

std::string logits_page_style() {
  return R"css(
#modes{border:0;padding:0;margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}#modes legend{float:left;margin-right:1rem;color:var(--soft)}
#text{border:1px solid var(--line);padding:.6rem .8rem;max-height:22rem;overflow:auto;white-space:pre-wrap;font:16px/1.9 ui-monospace,monospace;overflow-wrap:anywhere}
#text span.token{unicode-bidi:isolate;cursor:pointer;border-radius:3px;padding:.12em 0;border-bottom:2px solid transparent}
#text span.given{border-bottom-color:var(--line)}
#text span.selected{outline:2px solid var(--accent);outline-offset:0}
#text span.next{color:var(--soft);padding:0 .4em;border:1px dashed var(--line)}
#text span.special{font-size:80%;color:var(--soft)}
dl{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:.6rem 0}dl div{min-width:5.5rem}dt{color:var(--soft);font-size:85%}dd{margin:0;font-variant-numeric:tabular-nums}
#heat{background:var(--panel);border:1px solid var(--line);padding:.7rem 1rem;border-radius:6px}
#beta-slider{width:100%;accent-color:var(--accent)}.row{display:flex;flex-wrap:wrap;gap:1rem;align-items:center}
input,button{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:.1rem .4rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1.2rem}@media (max-width:60rem){.pair{grid-template-columns:1fr}}
.pair>div{min-width:0}h3{font-size:1rem;margin:1.2rem 0 .4rem}
.list{max-height:24rem}.list td,.list th{padding:.1rem .5rem;white-space:nowrap}
td.piece{font-family:ui-monospace,monospace;unicode-bidi:isolate;white-space:pre;max-width:16rem;overflow:hidden;text-overflow:ellipsis}
tr.observed td{background:var(--panel);font-weight:600}tr.gap td{color:var(--soft);text-align:center}tr.removed td{color:var(--soft)}
#curves{width:100%;max-width:54rem;display:block}#curves .marker{stroke:currentColor;stroke-dasharray:4 3;opacity:.7}
)css";
}

}  // namespace kelvin
