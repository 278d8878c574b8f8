#include "common/net/server/response_head.h"
#include "common/net/server/session.h"
#include "common/net/server/worker.h"

namespace eoa::net {

Responder::Connection::Connection(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Session> session,
                                  std::uint64_t number)
    : mailbox_(std::move(mailbox)), session_(std::move(session)), number_(number) {}

Responder::Connection::~Connection() {
  if (!answered_) Answer(ServerProblem(500, Refusal::kInternal, "the request was dropped without an answer"));
}

void Responder::Connection::Answer(ServerResponse response) {
  if (answered_.exchange(true)) return;
  if (observer_) observer_(response.status);
  mailbox_->Dispatch([session = session_, number = number_, response = std::move(response)]() mutable {
    if (const auto alive = session.lock()) alive->Deliver(number, std::move(response));
  });
}

void Responder::Observe(std::function<void(int status)> observer) const { connection_->Observe(std::move(observer)); }

void Responder::Respond(ServerResponse response) const { connection_->Answer(std::move(response)); }

}  // namespace eoa::net
