#include "engine/weights/aligned_buffer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <new>

using kelvin::AlignedBuffer;

TEST_CASE("a buffer is aligned, zeroed and writable to its last byte") {
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{64}, std::size_t{4097}, (std::size_t{2} << 20) - 1, std::size_t{2} << 20,
        (std::size_t{5} << 20) + 3}) {
    AlignedBuffer buffer(bytes);
    CHECK(buffer.size() == bytes);
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
    CHECK(address % (bytes >= (std::size_t{2} << 20) ? std::size_t{2} << 20 : 64) == 0);
    CHECK(std::all_of(buffer.data(), buffer.data() + bytes, [](std::byte b) { return b == std::byte{0}; }));
    std::fill(buffer.data(), buffer.data() + bytes, std::byte{0xa5});
  }
}

TEST_CASE("moving hands the memory over") {
  AlignedBuffer first(100);
  first.floats()[3] = 7.5f;
  const std::byte* where = first.data();
  AlignedBuffer second = std::move(first);
  CHECK(second.data() == where);
  AlignedBuffer third;
  third = std::move(second);
  CHECK(third.floats()[3] == 7.5f);
  CHECK(third.size() == 100);
}

TEST_CASE("an empty buffer needs no memory, an impossible one is bad_alloc") {
  CHECK(AlignedBuffer(0).data() == nullptr);
  CHECK_THROWS_AS(AlignedBuffer(SIZE_MAX - 5), std::bad_alloc);
  CHECK_THROWS_AS(AlignedBuffer(SIZE_MAX / 2), std::bad_alloc);
}
