package io.limestone.server;

import io.limestone.testkit.TestCa;
import java.time.InstantSource;

/** A TPM vendor whose certificates are valid now. */
public final class TestAuthority {
  private TestAuthority() {}

  public static TestCa named(String name) {
    return new TestCa(name, InstantSource.system().instant());
  }
}
