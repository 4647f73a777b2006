# Every dependency is a Debian package; nothing is downloaded while building.
include(GoogleTest)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Boost 1.74 REQUIRED COMPONENTS graph)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
pkg_check_modules(ZEROMQ REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(CAPNP REQUIRED IMPORTED_TARGET capnp)
find_program(PARLEY_CAPNP_COMPILER capnp REQUIRED)
pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
if(PARLEY_TESTS)
  find_package(GTest REQUIRED)
endif()
if(PARLEY_BENCHMARKS)
  find_package(benchmark REQUIRED)
  # Only to be compared with: see docs/learning.md.
  pkg_check_modules(BLAS REQUIRED IMPORTED_TARGET openblas)
endif()

# parley_capnp(OUT_VARIABLE ROOM schema.capnp...): the generated C++ sources of the schemas, to be added to a room. The headers
# are found as "room/schema.capnp.h". The package's own CMake file wants OpenSSL, which we do not use.
function(parley_capnp out room)
  set(sources "")
  set(directory "${CMAKE_BINARY_DIR}/generated/${room}")
  file(MAKE_DIRECTORY "${directory}")
  foreach(schema ${ARGN})
    add_custom_command(
      OUTPUT "${directory}/${schema}.c++" "${directory}/${schema}.h"
      COMMAND "${PARLEY_CAPNP_COMPILER}" compile -oc++:${directory} --src-prefix=${CMAKE_CURRENT_SOURCE_DIR}
              "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
      DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
      COMMENT "Compiling ${room}/${schema}")
    list(APPEND sources "${directory}/${schema}.c++" "${directory}/${schema}.h")
  endforeach()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()
