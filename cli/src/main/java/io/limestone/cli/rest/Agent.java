package io.limestone.cli.rest;

import io.limestone.cli.args.CommandFailed;
import io.limestone.keylime.AgentTls;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.RegisteredAgent;
import io.limestone.keylime.Versions;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The agent's REST interface as the user's side needs it (pull-protocol.md section 3). */
public final class Agent {
  private final Rest rest;
  private final ApiVersion version;

  private Agent(Rest rest, ApiVersion version) {
    this.rest = rest;
    this.version = version;
  }

  /**
   * Connects to the agent of a registration and agrees on a version. Over TLS the agent must show
   * the very certificate it registered.
   *
   * @param address where it listens; not always where it says it does
   */
  public static Agent connect(RegisteredAgent node, Address address, Tls tls, Duration timeout)
      throws IOException, InterruptedException {
    AgentTls kind =
        node.mtlsCert()
            .orElseThrow(
                () ->
                    CommandFailed.because(
                        node.id() + " registered no certificate; nothing is sent to it"));
    Rest rest =
        switch (kind) {
          case AgentTls.Pinned pinned ->
              Rest.https(
                  "agent", address, tls.forAgent(Tls.certificate(pinned.certificate())), timeout);
          case AgentTls.Disabled disabled -> Rest.http("agent", address, timeout);
        };
    Answer answer = rest.get("/version");
    Versions theirs =
        Versions.fromAgentJson(answer.expectSuccess("asking the agent for its API versions"));
    return new Agent(rest, Rest.common(answer, theirs, ApiVersion.SERVED));
  }

  public ApiVersion version() {
    return version;
  }

  public Address address() {
    return rest.address();
  }

  /** The results of {@code quotes/identity}: a quote of PCR 16 alone, and the transport key. */
  public JsonObject identityQuote(String nonce) throws IOException, InterruptedException {
    return rest.get(version.path() + "/quotes/identity?nonce=" + nonce)
        .expectSuccess("asking the agent for an identity quote");
  }

  public void deliver(KeyDelivery.U delivery) throws IOException, InterruptedException {
    rest.post(version.path() + "/keys/ukey", delivery.toJson())
        .expectSuccess("handing U to the agent");
  }

  /** The agent's proof that it has K; nothing while it has not. */
  public Optional<String> proof(String challenge) throws IOException, InterruptedException {
    Answer answer = rest.get(version.path() + "/keys/verify?challenge=" + challenge);
    return answer.ok() ? Optional.of(answer.results().string("hmac")) : Optional.empty();
  }
}
