// The tokenizer in a GGUF file's metadata (tokenizer.*): vocabulary, special tokens and chat templates.
#pragma once

#include "loaders/gguf/gguf_file.h"
#include "loaders/tokenizer/tokenizer_folder.h"

namespace kelvin {

// tokenizer.ggml.model "llama" (SentencePiece BPE by scores) or "gpt2" (byte-level BPE). Throws LoadError
// that names the key, also for other models and for ways to cut words (tokenizer.ggml.pre) that are not
// known.
LoadedTokenizer gguf_tokenizer(const GgufFile& file);

}  // namespace kelvin
