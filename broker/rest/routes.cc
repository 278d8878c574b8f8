#include "broker/rest/routes.h"

#include <array>
#include <optional>

namespace eoa::broker {
namespace {

constexpr std::array kRoutes = {
    Route{Operation::kHeartbeat, RouteScope::kPopulation, "POST", "/v1/jobs/{uid}/populations/{population}/heartbeat"},
    Route{Operation::kJoin, RouteScope::kPopulation, "POST", "/v1/jobs/{uid}/populations/{population}/join"},
    Route{Operation::kReport, RouteScope::kPopulation, "POST", "/v1/jobs/{uid}/populations/{population}/report"},
    Route{Operation::kDecision, RouteScope::kPopulation, "GET", "/v1/jobs/{uid}/populations/{population}/decision"},
    Route{Operation::kFinish, RouteScope::kPopulation, "POST", "/v1/jobs/{uid}/populations/{population}/finish"},
    Route{Operation::kEcosphere, RouteScope::kJob, "GET", "/v1/jobs/{uid}/ecosphere"},
    Route{Operation::kHistory, RouteScope::kJob, "GET", "/v1/jobs/{uid}/history"},
    Route{Operation::kHealth, RouteScope::kOpen, "GET", "/healthz"},
    Route{Operation::kReady, RouteScope::kOpen, "GET", "/readyz"},
    Route{Operation::kOpenApi, RouteScope::kOpen, "GET", "/v1/openapi.json"},
};

std::optional<RouteMatch> Match(const Route& route, std::span<const std::string> path) {
  RouteMatch match{.route = &route, .uid = {}, .population = {}};
  std::string_view rest = route.path;
  for (const std::string& segment : path) {
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    const std::string_view expected = rest.substr(0, rest.find('/'));
    rest.remove_prefix(expected.size());
    if (expected == "{uid}") {
      match.uid = segment;
    } else if (expected == "{population}") {
      match.population = segment;
    } else if (expected != segment) {
      return std::nullopt;
    }
  }
  if (!rest.empty()) return std::nullopt;
  return match;
}

std::string PathText(std::span<const std::string> path) {
  std::string text;
  for (const std::string& segment : path) text += "/" + segment;
  return text.empty() ? "/" : text;
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

std::string AllowedMethods(std::span<const std::string> path) {
  std::string methods;
  for (const Route& route : kRoutes) {
    if (Match(route, path)) methods += (methods.empty() ? "" : ", ") + std::string(route.method);
  }
  return methods;
}

Answer<RouteMatch> MatchRoute(std::string_view method, std::span<const std::string> path) {
  for (const Route& route : kRoutes) {
    if (route.method != method) continue;
    if (auto match = Match(route, path)) return *std::move(match);
  }
  const std::string allowed = AllowedMethods(path);
  if (allowed.empty()) return Refuse(404, Refusal::kNotFound, "there is nothing at " + PathText(path));
  return Refuse(405, Refusal::kMethodNotAllowed, PathText(path) + " allows " + allowed);
}

}  // namespace eoa::broker
