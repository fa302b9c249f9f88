#include "tokenizer/pipeline/literal_trie.h"

namespace kelvin::tokenizer {

void LiteralTrie::add(std::string_view literal, int value) {
  int node = 0;
  for (char byte : literal) {
    int next = child_of(node, byte);
    if (next < 0) {
      next = static_cast<int>(nodes_.size());
      nodes_.push_back({-1, -1, nodes_[static_cast<std::size_t>(node)].child, byte});
      nodes_[static_cast<std::size_t>(node)].child = next;
    }
    node = next;
  }
  int& known = nodes_[static_cast<std::size_t>(node)].value;
  if (known < 0) known = value;
}

int LiteralTrie::child_of(int node, char byte) const {
  int child = nodes_[static_cast<std::size_t>(node)].child;
  while (child >= 0 && nodes_[static_cast<std::size_t>(child)].byte != byte)
    child = nodes_[static_cast<std::size_t>(child)].sibling;
  return child;
}

LiteralTrie::Found LiteralTrie::longest(std::string_view text) const {
  Found best;
  int node = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    node = child_of(node, text[at]);
    if (node < 0) break;
    if (const int value = nodes_[static_cast<std::size_t>(node)].value; value >= 0) best = {value, at + 1};
  }
  return best;
}

}  // namespace kelvin::tokenizer
