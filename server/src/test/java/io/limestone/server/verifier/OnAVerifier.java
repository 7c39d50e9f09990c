package io.limestone.server.verifier;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests against a running verifier, on SQLite unless they say otherwise. */
abstract class OnAVerifier {
  @TempDir Path home;
  Scene scene;

  @BeforeEach
  void start() throws Exception {
    scene = Scene.start(home, database());
  }

  /** Settings of an empty database, in pairs of name and value. */
  String[] database() throws Exception {
    return new String[0];
  }

  @AfterEach
  void end() {
    scene.close();
  }
}
