package io.limestone.server.verifier;

import io.limestone.server.Part;
import io.limestone.server.Shared;
import io.limestone.server.http.Route;
import io.limestone.server.registrar.Registrations;
import java.util.List;

/** The verifier as a part of the server. */
public final class Verifier implements Part {
  private Verifier() {}

  /** Beside a registrar of the same server: an enrolment must match what is registered there. */
  public static Verifier beside(Registrations registrations, Shared shared) {
    throw new UnsupportedOperationException();
  }

  /** Alone: nodes are registered elsewhere. */
  public static Verifier alone(Shared shared) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String name() {
    return "verifier";
  }

  @Override
  public List<Route> routes() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void start() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
