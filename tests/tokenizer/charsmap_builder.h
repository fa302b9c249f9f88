// Small compiled maps for tests: a double array whose nodes lie 256 units apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kelvin::test {

inline std::string charsmap(const std::map<std::string, std::string>& rules) {
  struct Node {
    std::map<unsigned char, std::size_t> children;
    int value = -1;
  };
  std::vector<Node> nodes(1);
  std::string texts;
  for (const auto& [key, text] : rules) {
    std::size_t at = 0;
    for (const char byte : key) {
      const auto [child, added] = nodes[at].children.emplace(static_cast<unsigned char>(byte), nodes.size());
      const std::size_t next = child->second;
      if (added) nodes.emplace_back();
      at = next;
    }
    nodes[at].value = static_cast<int>(texts.size());
    texts += text;
    texts += '\0';
  }
  // Node i's value and children lie in block i + 1, at base[i] ^ label; the value has the label 0.
  std::vector<std::uint32_t> units((nodes.size() + 1) * 256, 0x80000000u);
  const auto offset = [](std::size_t blocks) { return static_cast<std::uint32_t>(blocks) << 10 | 1u << 9; };
  std::vector<std::size_t> place(nodes.size(), 0), base(nodes.size(), 256);
  units[0] = offset(1);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].value >= 0) {
      units[base[i]] = 0x80000000u | static_cast<std::uint32_t>(nodes[i].value);
      units[place[i]] |= 1u << 8;
    }
    for (const auto& [byte, child] : nodes[i].children) {
      place[child] = base[i] ^ byte;
      base[child] = (child + 1) * 256 ^ (place[child] & 255);
      units[place[child]] = byte | offset((i + 1) ^ (child + 1));
    }
  }
  std::string bytes;
  const auto put = [&](std::uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  };
  put(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) put(unit);
  return bytes + texts;
}

}  // namespace kelvin::test
