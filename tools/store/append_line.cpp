#include "tools/store/line.h"

namespace pinpipe::store {

// Outside its strings JSON has no other control characters than blanks; inside there are none but
// DEL and C1, which may stand there as they are, and may as well be escaped.
void append_line(std::string &out, std::string_view json) {
    constexpr char digits[] = "0123456789abcdef";
    for (size_t at = 0; at < json.size(); at++) {
        const auto c = static_cast<unsigned char>(json[at]);
        const bool c1 =
            c == 0xc2 && at + 1 < json.size() && static_cast<unsigned char>(json[at + 1]) < 0xa0;
        const auto code = c1 ? static_cast<unsigned char>(json[++at]) : c;
        if (c1 || c == 0x7f)
            out += {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
        else
            out += c == '\t' || c == '\r' ? ' ' : static_cast<char>(c);
    }
    out += '\n';
}

} // namespace pinpipe::store
