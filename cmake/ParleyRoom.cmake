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
  # A fuzzer is guided by the branches that an input takes. Every comparison is watched, too, where that slows no tests.
  if(PARLEY_FUZZERS AND PARLEY_TESTS)
    target_compile_options(parley_${name} PRIVATE -fsanitize-coverage=inline-8bit-counters,pc-table)
  elseif(PARLEY_FUZZERS)
    target_compile_options(parley_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
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
  # What is tested is compiled as it is shipped; the tests themselves need a third less time to compile so.
  # Coroutines that hand over to each other need tail calls.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1 -foptimize-sibling-calls>)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME room)
  set(labels ${room} ${TEST_LABELS})
  list(REMOVE_DUPLICATES labels)
  foreach(label ${labels})
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
  set(environment "")
  if(PARLEY_SANITIZE MATCHES "thread")
    set(environment ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT ${TEST_TIMEOUT} ${environment})
  # gtest_discover_tests cannot give a test two labels: they are given when ctest reads the list of discovered tests.
  set(label_tests "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(WRITE "${label_tests}"
       "if(${name}_TESTS)\n  set_tests_properties(\${${name}_TESTS} PROPERTIES LABELS \"${labels}\")\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${label_tests}")
endfunction()

# parley_fuzzer(NAME ROOM room SOURCES file... [DEFINITIONS definition...])
# One libFuzzer program, NAME_fuzz. Where there are tests too (preset asan), ctest runs it on 20,000 inputs that follow from
# the files of corpus/NAME, if there are any, and from a fixed seed: its labels are the room and fuzz.
function(parley_fuzzer name)
  cmake_parse_arguments(FUZZER "" "ROOM" "SOURCES;DEFINITIONS" ${ARGN})
  add_executable(${name}_fuzz ${FUZZER_SOURCES})
  target_compile_definitions(${name}_fuzz PRIVATE ${FUZZER_DEFINITIONS})
  target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzz PRIVATE parley_flags parley_${FUZZER_ROOM})
  if(NOT PARLEY_TESTS)
    return()
  endif()
  # Named one by one, because libFuzzer would write what it finds into a directory of seeds.
  file(GLOB seeds CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}/*")
  set(seed_inputs "")
  if(seeds)
    list(JOIN seeds "," seed_inputs)
    set(seed_inputs "-seed_inputs=${seed_inputs}")
  endif()
  add_test(NAME Fuzz.${name} COMMAND ${name}_fuzz -runs=20000 -seed=1 -verbosity=0
           "-artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/${name}-" ${seed_inputs})
  set_tests_properties(Fuzz.${name} PROPERTIES LABELS "${FUZZER_ROOM};fuzz" TIMEOUT 300)
endfunction()
