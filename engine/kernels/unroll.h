// Loops of a known length that are written out: KELVIN_UNROLL(8) before a loop. Builds with sanitizers leave them as
// they are, for there a kernel written out takes a minute to compile.
#pragma once

#define KELVIN_PRAGMA(text) _Pragma(#text)
#ifdef KELVIN_SANITIZED
#define KELVIN_UNROLL(times)
#else
#define KELVIN_UNROLL(times) KELVIN_PRAGMA(GCC unroll times)
#endif
