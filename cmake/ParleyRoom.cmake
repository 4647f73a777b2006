# parley_room(NAME USES room... LIBRARIES target... SOURCES file...)
#
# One library per room. A room sees its own headers and those of the rooms it uses, as "room/header.h", and no others:
# every room has an include root of its own that holds one link, to that room. So an include that the table of rooms
# forbids does not compile.
function(parley_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES;PRIVATE_LIBRARIES;SOURCES" ${ARGN})
  set(root "${CMAKE_BINARY_DIR}/rooms/${name}")
  file(MAKE_DIRECTORY "${root}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${root}/${name}" SYMBOLIC)
  add_library(parley_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(parley_${name} PUBLIC "${root}")
  list(TRANSFORM ROOM_USES PREPEND parley_)
  target_link_libraries(parley_${name} PUBLIC ${ROOM_USES} ${ROOM_LIBRARIES} PRIVATE parley_flags ${ROOM_PRIVATE_LIBRARIES})
endfunction()

# parley_test(NAME ROOMS room... SOURCES file... [LIBRARIES target...] [LABELS label...])
# One test program per room; every TEST in it is a ctest test of its own.
function(parley_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "ROOMS;LIBRARIES;SOURCES;LABELS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  list(TRANSFORM TEST_ROOMS PREPEND parley_)
  target_link_libraries(${name} PRIVATE parley_flags ${TEST_ROOMS} ${TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}")
endfunction()
