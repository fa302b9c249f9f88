#include "tools/inspect/array_dump.h"

#include "tools/output/raw_logits.h"

namespace kelvin {

void DumpFlags::add_to(Flags& flags) {
  flags.group("arrays (with one of these, nothing but the hash is printed)");
  flags.option("raw", "FILE", "all logits, float32 little-endian, (positions, vocabulary)", to(raw));
  flags.option("npy", "FILE", "the same as NumPy reads it", to(npy));
  flags.option("lens-npy", "FILE", "logits of every layer, (positions, layers + 1, vocabulary); 0: embedding",
               to(lens_npy));
}

ArrayDump::ArrayDump(const DumpFlags& flags, std::size_t positions, std::size_t stages,
                     std::size_t vocabulary) {
  if (flags.raw) logits_.push_back(std::make_unique<OutputFile>(*flags.raw));
  if (flags.npy) {
    logits_.push_back(std::make_unique<OutputFile>(*flags.npy));
    logits_.back()->write(npy_header(std::vector{positions, vocabulary}));
  }
  if (flags.lens_npy) {
    lens_.emplace(*flags.lens_npy);
    lens_->write(npy_header(std::vector{positions, stages, vocabulary}));
  }
}

void ArrayDump::add(const PositionLogits& at) {
  for (const auto& file : logits_) file->write(raw_float32(at.logits));
  if (lens_) lens_->write(raw_float32(at.lens));
}

void ArrayDump::commit() {
  for (const auto& file : logits_) file->commit();
  if (lens_) lens_->commit();
}

}  // namespace kelvin
