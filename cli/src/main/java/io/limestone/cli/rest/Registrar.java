package io.limestone.cli.rest;

import io.limestone.cli.args.CommandFailed;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.RegisteredAgent;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The registrar's administrative REST interface (pull-protocol.md section 2). */
public final class Registrar {
  private final Rest rest;
  private final String base;

  private Registrar(Rest rest, ApiVersion version) {
    this.rest = rest;
    this.base = version.path();
  }

  public static Registrar connect(Rest rest) throws IOException, InterruptedException {
    return new Registrar(rest, rest.negotiate());
  }

  public Address address() {
    return rest.address();
  }

  /** What the node registered, if it is registered and has proven its AK. */
  public Optional<RegisteredAgent> node(NodeId id) throws IOException, InterruptedException {
    Answer answer = rest.get(base + "/agents/" + id);
    if (answer.status() == 404) {
      return Optional.empty();
    }
    RegisteredAgent node =
        RegisteredAgent.fromJson(answer.expectSuccess("reading the registration"));
    if (!node.id().equals(id)) {
      throw CommandFailed.because(answer.from() + " answered with the record of another node");
    }
    return Optional.of(node);
  }

  public List<String> ids() throws IOException, InterruptedException {
    return rest.get(base + "/agents").expectSuccess("listing the registrations").strings("uuids");
  }

  public Answer remove(NodeId id) throws IOException, InterruptedException {
    return rest.delete(base + "/agents/" + id);
  }
}
