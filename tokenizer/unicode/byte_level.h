// Bytes as vocabularies spell them. First the map of bytes to printable characters that byte-level vocabularies are written in (GPT-2, Radford et al.
// 2019): printable Latin-1 stands for itself, the other bytes for U+0100 on, in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kelvin::unicode {

char32_t byte_to_char(unsigned char byte);
int char_to_byte(char32_t code);  // -1 if the character stands for no byte

std::string bytes_to_text(std::string_view bytes);
// The bytes that well-formed `text` stands for; nothing if some character stands for none.
std::optional<std::string> text_to_bytes(std::string_view text);
// Whether these are the bytes that well-formed `text` stands for.
bool stands_for(std::string_view text, std::string_view bytes);

// SentencePiece's name of a byte, <0x0A>, and the byte that such a name stands for, in either case; -1: none.
std::string byte_token(unsigned char byte);
int byte_of_token(std::string_view token);

}  // namespace kelvin::unicode
