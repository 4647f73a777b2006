// Lets the headers of Cap'n Proto 0.9 be compiled as C++20. Included before them by the build, see CMakeLists.txt.
//
// kj leaves out the comparison of a text with a StringPtr in C++20 and counts on the compiler to turn the arguments of
// the one that it has around. Since P2468 compilers do so no longer where there is an operator != beside it, and
// capnp/blob.h does not compile.
#pragma once

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* a, const StringPtr& b) {
  return b == StringPtr(a);
}
inline bool operator!=(const char* a, const StringPtr& b) {
  return b != StringPtr(a);
}

}  // namespace kj
