#include "operator/app/schedule_command.h"

#include <ostream>

#include "common/api/read_job.h"
#include "operator/broker/broker.h"
#include "operator/broker/view.h"
#include "operator/cluster/config_map_store.h"
#include "operator/local/schedule_csv.h"

namespace eoa::app {
namespace {

Result<std::string> ReadSchedule(const kube::ObjectKey& key, kube::ApiClient& client) {
  Result<nlohmann::json> found = client.Get(kube::kEoaJobs, key);
  if (!found.ok()) {
    if (found.error().code() != ErrorCode::kNotFound) return found.error();
    return NotFoundError("no EOAJob " + key.name + " in namespace " + key.name_space + "; see: kubectl get eoajobs -A");
  }
  found->erase("status");
  EOA_ASSIGN_OR_RETURN(const api::Job job, api::JobFromJson(*found));
  cluster::ConfigMapStore store(client, job);
  EOA_ASSIGN_OR_RETURN(const broker::EcosphereState state, broker::Broker::Restore(job.spec, store));
  return local::ScheduleCsv(broker::MakeView(state));
}

}  // namespace

int Schedule(const std::string& name_space, const std::string& name, kube::ApiClient& client, std::ostream& out,
             std::ostream& err) {
  const Result<std::string> schedule = ReadSchedule({name_space, name}, client);
  if (!schedule.ok()) {
    err << "eoa schedule: " << schedule.error().message() << "\n";
    return 1;
  }
  out << *schedule;
  return 0;
}

}  // namespace eoa::app
