#include "engine/forward/kv_storage.h"

namespace kelvin {

const char* name_of(KvStorage storage) {
  switch (storage) {
    case KvStorage::f32:
      return "f32";
    case KvStorage::f16:
      return "f16";
    case KvStorage::q8:
      return "q8";
  }
  return "";
}

std::optional<KvStorage> kv_storage_named(std::string_view name) {
  for (const KvStorage storage : kv_storages)
    if (name == name_of(storage)) return storage;
  return std::nullopt;
}

}  // namespace kelvin
