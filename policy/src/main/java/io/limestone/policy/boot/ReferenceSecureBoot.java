package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import java.util.List;
import java.util.Set;

/** PCR 7 against a reference state: how Secure Boot is set, and what let programs start. */
final class ReferenceSecureBoot {
  private static final Set<String> SHIM_ONCE = Set.of("SbatLevel", "Shim", "MokListRT");

  private final ReferenceState state;
  private final ReferenceObjections found;

  ReferenceSecureBoot(ReferenceState state, ReferenceObjections found) {
    this.state = state;
    this.found = found;
  }

  void driverConfig(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      found.unbound(event);
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    found.atMost(1, event, "driver config " + variable.guid() + " " + variable.name());
    if (variable.is(Guid.GLOBAL, "SecureBoot")) {
      boolean good =
          variable.value() instanceof VariableValue.Flag(boolean set) && set == state.secureBoot();
      if (!good) {
        found.refuse(
            event,
            "Secure Boot is " + (state.secureBoot() ? "on" : "off"),
            "SecureBoot = " + variable.data().hex(),
            state.secureBoot() ? "01" : "00");
      }
    } else if (variable.is(Guid.GLOBAL, "PK") || variable.is(Guid.GLOBAL, "KEK")) {
      keys(event, variable, Set.of(SignatureList.X509));
    } else if (variable.is(Guid.IMAGE_SECURITY, "db")
        || variable.is(Guid.IMAGE_SECURITY, "vendor_db")) {
      keys(event, variable, Set.of(SignatureList.X509, SignatureList.SHA256));
    } else if (variable.is(Guid.IMAGE_SECURITY, "dbx")) {
      revoked(event, variable);
    } else {
      found.refuse(
          event, "the variable is known", variable.name(), "SecureBoot, PK, KEK, db or dbx");
    }
  }

  /** Whether an empty or unread list will do: only where Secure Boot is off and none is listed. */
  private boolean unseen(Set<ReferenceState.Key> listed) {
    return !state.secureBoot() && listed.isEmpty();
  }

  private void keys(MeasuredEvent event, Variable variable, Set<Guid> types) {
    Set<ReferenceState.Key> allowed = state.allowed().getOrDefault(variable.name(), Set.of());
    if (unseen(allowed)) {
      return;
    }
    if (!(variable.value() instanceof VariableValue.SignatureLists lists)
        || lists.lists().isEmpty()) {
      found.refuse(
          event, variable.name() + " has keys", "none", "keys of the reference state only");
      return;
    }
    for (SignatureList list : lists.lists()) {
      if (!types.contains(list.type())) {
        found.refuse(
            event,
            variable.name() + " has entries of usual types",
            list.type().toString(),
            types.toString());
      }
      for (SignatureList.Signature signature : list.signatures()) {
        if (!lists(allowed, signature)) {
          found.refuse(
              event,
              variable.name() + " has keys of the reference state only",
              BootNames.of(list.type(), signature.data()) + ", owner " + signature.owner(),
              "one of the " + allowed.size() + " that are listed");
        }
      }
    }
  }

  private void revoked(MeasuredEvent event, Variable variable) {
    if (unseen(state.revoked())) {
      return;
    }
    if (!(variable.value() instanceof VariableValue.SignatureLists lists)
        || lists.lists().size() != 1
        || !lists.lists().getFirst().type().equals(SignatureList.SHA256)) {
      found.refuse(event, "dbx is one list of sha256 hashes", "another form", "one list");
      return;
    }
    List<SignatureList.Signature> there = lists.signatures();
    for (ReferenceState.Key key : state.revoked()) {
      if (there.stream().noneMatch(signature -> lists(Set.of(key), signature))) {
        found.refuse(
            event, "dbx has every hash of the reference state", "not there", key.data().hex());
      }
    }
  }

  private static boolean lists(Set<ReferenceState.Key> keys, SignatureList.Signature signature) {
    return keys.contains(new ReferenceState.Key(signature.owner(), signature.data()))
        || keys.contains(
            new ReferenceState.Key(BootNames.swapped(signature.owner()), signature.data()));
  }

  void authority(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      found.unbound(event);
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    found.atMost(1, event, "authority " + variable.guid() + " " + variable.name());
    if (variable.is(Guid.IMAGE_SECURITY, "vendor_db")) {
      vendorKeys(event, variable);
      return;
    }
    boolean shims = variable.guid().equals(Guid.SHIM_LOCK);
    boolean good =
        variable.is(Guid.IMAGE_SECURITY, "db")
            || (shims && SHIM_ONCE.contains(variable.name()))
            || (shims
                && variable.name().equals("MokListTrusted")
                && variable.value() instanceof VariableValue.Flag);
    if (!good) {
      found.refuse(
          event,
          "the authority is known",
          variable.name(),
          "db, SbatLevel, Shim, MokListTrusted, MokListRT or vendor_db");
    }
  }

  private void vendorKeys(MeasuredEvent event, Variable variable) {
    Set<ReferenceState.Key> allowed = state.allowed().getOrDefault("vendor_db", Set.of());
    List<SignatureList.Signature> there = BootNames.vendorKeys(variable.data());
    if (there.isEmpty() || !there.stream().allMatch(signature -> lists(allowed, signature))) {
      found.refuse(
          event, "every key of vendor_db is listed", "a key that is not", "listed keys only");
    }
  }
}
