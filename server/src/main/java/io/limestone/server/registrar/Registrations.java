package io.limestone.server.registrar;

import java.util.List;
import java.util.Optional;

/** The registrar's records, for the other parts of the same server. */
public interface Registrations {
  /** The active record of a node. */
  Optional<RegisteredNode> active(String id);

  /** All ids, those not active yet too. */
  List<String> ids();
}
