#include "daemon/endpoint.h"

#include <gtest/gtest.h>

namespace parley::daemon {
namespace {

TEST(Endpoint, TextIsReadBack) {
  for (const char* text : {"tcp://127.0.0.1:7100", "tcp://[::1]:1", "tcp://peer-0:65535", "tcp://*:7100"}) {
    const auto endpoint = parse_tcp_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
  }
}

TEST(Endpoint, WhatIsNotTcpWithHostAndPortIsRefused) {
  for (const char* text : {"", "127.0.0.1:7100", "tcp://127.0.0.1", "tcp://:7100", "tcp://a:0", "tcp://a:65536",
                           "tcp://a:71x", "tcp://a b:7100", "tcp://[::1:7100", "tcp://::1:7100", "ipc:///tmp/a",
                           "udp://a:7100", "tcp://a:-1", "tcp://a/b:7100"})
    EXPECT_FALSE(parse_tcp_endpoint(text)) << text;
}

TEST(Endpoint, OnlyThisMachineIsLoopback) {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1", "tcp://[::1]:1"})
    EXPECT_TRUE(parse_tcp_endpoint(text)->is_loopback()) << text;
  for (const char* text : {"tcp://0.0.0.0:1", "tcp://192.0.2.10:1", "tcp://*:1", "tcp://[::]:1",
                           "tcp://[2001:db8::1]:1", "tcp://127.example.org:1", "tcp://localhost.example.org:1"})
    EXPECT_FALSE(parse_tcp_endpoint(text)->is_loopback()) << text;
}

TEST(Endpoint, NamesAreNotNumeric) {
  EXPECT_TRUE(parse_tcp_endpoint("tcp://192.0.2.10:1")->is_numeric());
  EXPECT_TRUE(parse_tcp_endpoint("tcp://[::]:1")->is_numeric());
  EXPECT_FALSE(parse_tcp_endpoint("tcp://peer-0:1")->is_numeric());
  EXPECT_FALSE(parse_tcp_endpoint("tcp://1.2.3.4.5:1")->is_numeric());
}

}  // namespace
}  // namespace parley::daemon
