// Literals by their beginnings: the longest one that a text begins with.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace kelvin::tokenizer {

class LiteralTrie {
 public:
  // `value` >= 0 is what the literal stands for; of equal literals the first counts.
  void add(std::string_view literal, int value);
  bool empty() const { return nodes_.size() == 1; }

  struct Found {
    int value = -1;  // -1: none
    std::size_t length = 0;
  };
  Found longest(std::string_view text) const;

 private:
  struct Node {
    int value = -1;  // of the literal that ends here
    int child = -1, sibling = -1;
    char byte = 0;
  };
  int child_of(int node, char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace kelvin::tokenizer
