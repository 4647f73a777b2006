#include "daemon/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace parley::daemon {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

std::optional<in6_addr> ipv6(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return std::nullopt;
  in6_addr address{};
  const std::string inner(host.substr(1, host.size() - 2));
  if (inet_pton(AF_INET6, inner.c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool is_host(std::string_view host) {
  if (host == "*" || ipv6(host)) return true;
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), is_host_character);
}

}  // namespace

std::string TcpEndpoint::text() const {
  return fmt::format("tcp://{}:{}", host, port);
}

bool TcpEndpoint::is_loopback() const {
  if (const auto address = ipv6(host)) return IN6_IS_ADDR_LOOPBACK(&*address);
  return host == "localhost" || (is_ipv4(host) && host.starts_with("127."));
}

bool TcpEndpoint::is_numeric() const {
  return host == "*" || is_ipv4(host) || ipv6(host).has_value();
}

std::optional<TcpEndpoint> parse_tcp_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "tcp://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_host(text.substr(0, colon))) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  TcpEndpoint endpoint{.host = std::string(text.substr(0, colon)), .port = 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || endpoint.port == 0) return std::nullopt;
  return endpoint;
}

}  // namespace parley::daemon
