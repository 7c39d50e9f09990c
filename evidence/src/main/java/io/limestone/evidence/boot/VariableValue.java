package io.limestone.evidence.boot;

import io.limestone.wire.Bytes;
import java.util.List;
import java.util.Optional;

/** The content of a UEFI variable, by its name (UEFI §3.3 and §32.4; shim for its own). */
public sealed interface VariableValue {
  /** PK, KEK, db, dbx, dbt, dbr, MokList …: empty if the variable does not exist. */
  record SignatureLists(List<SignatureList> lists) implements VariableValue {
    public SignatureLists {
      lists = List.copyOf(lists);
    }

    /** The signatures of all lists, in order. */
    public List<SignatureList.Signature> signatures() {
      return lists.stream().flatMap(list -> list.signatures().stream()).toList();
    }
  }

  /**
   * What let a program start, in EV_EFI_VARIABLE_AUTHORITY: one entry of a signature database.
   *
   * @param owner empty if logged without one, as shim does for its own certificate
   * @param data a certificate (DER) or a hash
   */
  record Authority(Optional<Guid> owner, Bytes data) implements VariableValue {}

  /** One byte, 0 or 1: SecureBoot, AuditMode, DeployedMode, MokListTrusted … */
  record Flag(boolean set) implements VariableValue {}

  /**
   * BootOrder.
   *
   * @param options numbers of Boot#### variables, first to last
   */
  record BootOrder(List<Integer> options) implements VariableValue {
    public BootOrder {
      options = List.copyOf(options);
    }
  }

  /**
   * Boot####: EFI_LOAD_OPTION.
   *
   * @param optionalData handed to what is started
   */
  record BootOption(
      boolean active, long attributes, String description, DevicePath path, Bytes optionalData)
      implements VariableValue {}

  /** Text: SbatLevel. */
  record Text(String text) implements VariableValue {}

  /** Content without a form here. */
  record Raw() implements VariableValue {}

  /**
   * Content that has not the form that its name demands.
   *
   * @param reason for people
   */
  record Unparsed(String reason) implements VariableValue {}
}
