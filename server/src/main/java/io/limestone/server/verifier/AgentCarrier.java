package io.limestone.server.verifier;

import io.limestone.keylime.NodeId;
import io.limestone.server.revocation.Carrier;
import io.limestone.server.revocation.Delivery;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** Posts notices to the agents of other nodes (pull-protocol.md §3.8). */
final class AgentCarrier implements Carrier {
  private static final int ANSWER = 64 * 1024;

  private final AgentClient client;
  private final Fleet fleet;
  private final Duration timeout;

  AgentCarrier(AgentClient client, Fleet fleet, Duration timeout) {
    this.client = client;
    this.fleet = fleet;
    this.timeout = timeout;
  }

  @Override
  public Outcome carry(Delivery delivery) throws InterruptedException {
    Optional<Watched> node = fleet.find(NodeId.parse(delivery.recipient()));
    if (node.isEmpty()) {
      return new Outcome.Done("not sent: the node is not watched any more");
    }
    Exchange exchange =
        client.exchange(
            node.get().enrolled().peer(),
            HttpMethod.POST,
            node.get().state().version().path() + "/notifications/revocation",
            delivery.body().getBytes(StandardCharsets.UTF_8),
            timeout,
            ANSWER,
            true);
    return switch (exchange) {
      case Exchange.Silence(String why) -> new Outcome.Unreachable(why);
      case Exchange.TooLong(String why) -> new Outcome.Refused(why);
      case Exchange.Reply reply ->
          reply.status() == 200
              ? new Outcome.Done("delivered, status 200")
              : new Outcome.Refused("status " + reply.status());
    };
  }
}
