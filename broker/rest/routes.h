// The broker's REST routes: one table, from which requests are dispatched and against which the OpenAPI document is
// tested. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/problem.h"

namespace eoa::broker {

enum class Operation {
  kJoin,
  kHeartbeat,
  kReport,
  kDecision,
  kFinish,
  kEcosphere,
  kHistory,
  kHealth,
  kReady,
  kOpenApi,
};

// What a route speaks for, and so whose token it needs.
enum class RouteScope {
  kOpen,        // nobody's
  kJob,         // {uid}: any of the job's pods
  kPopulation,  // {uid} and {population}: one of the population's pods
};

struct Route {
  Operation operation;
  RouteScope scope;
  std::string_view method;
  std::string_view path;  // "/v1/jobs/{uid}/ecosphere": a segment in braces matches any
};

std::span<const Route> Routes();

struct RouteMatch {
  const Route* route = nullptr;
  std::string uid;         // of the path, where it has one
  std::string population;  // likewise
};

// 404 NotFound, or 405 MethodNotAllowed with the methods that are allowed in the detail.
Answer<RouteMatch> MatchRoute(std::string_view method, std::span<const std::string> path);

// "GET" or "GET, POST": what the path allows; empty when nothing is there.
std::string AllowedMethods(std::span<const std::string> path);

}  // namespace eoa::broker
