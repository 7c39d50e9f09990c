package io.limestone.agent;

/** The attester: registers its TPM and answers quotes until it is told to stop. */
public final class Agent {
  private Agent() {}

  /**
   * Runs until the process is told to end.
   *
   * @return the exit code: 0 after an orderly end, 1 if the agent could not do its work
   */
  public static int run(AgentConfig config) {
    throw new UnsupportedOperationException("being built: " + config.home());
  }
}
