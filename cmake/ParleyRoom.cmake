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

# parley_test(NAME ROOMS room... SOURCES file... [LIBRARIES target...] [LABELS label...] [TIMEOUT seconds])
# One test program per room; every TEST in it is a ctest test of its own, labelled with the room (the name of its folder)
# and with LABELS. The target tests_LABEL builds the programs that have that label.
function(parley_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "ROOMS;LIBRARIES;SOURCES;LABELS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  list(TRANSFORM TEST_ROOMS PREPEND parley_)
  target_link_libraries(${name} PRIVATE parley_flags ${TEST_ROOMS} ${TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME room)
  set(labels ${room} ${TEST_LABELS})
  list(REMOVE_DUPLICATES labels)
  foreach(label ${labels})
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT ${TEST_TIMEOUT})
  # gtest_discover_tests cannot give a test two labels: they are given when ctest reads the list of discovered tests.
  set(label_tests "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(WRITE "${label_tests}"
       "if(${name}_TESTS)\n  set_tests_properties(\${${name}_TESTS} PROPERTIES LABELS \"${labels}\")\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${label_tests}")
endfunction()
