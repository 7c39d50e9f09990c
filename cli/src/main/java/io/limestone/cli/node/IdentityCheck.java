package io.limestone.cli.node;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.rest.Agent;
import io.limestone.keylime.Nonce;
import io.limestone.keylime.QuoteReply;
import io.limestone.keylime.TransportKey;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;

/**
 * Proves that the agent spoken to sits on the TPM that holds the AK, and that the transport key it
 * offers is its own: an identity quote (pull-protocol.md section 4.1), in the same numbered steps
 * as the verifier's.
 */
final class IdentityCheck {
  private IdentityCheck() {}

  /**
   * Asks for a quote and verifies it; ends the command if any step fails.
   *
   * @return the transport key that the TPM vouches for
   */
  static RSAPublicKey transportKey(
      Agent agent, TpmtPublic ak, AcceptedAlgorithms accepted, SecureRandom random)
      throws IOException, InterruptedException {
    Nonce nonce = Nonce.random(random);
    try {
      QuoteReply reply = QuoteReply.fromJson(agent.identityQuote(nonce.text()));
      HashAlg hash = acceptedHash(reply, accepted);
      QuoteVerifier.Result result =
          QuoteVerifier.verify(
              reply.quote(), ak, nonce.bytes(), new PcrSelection(hash, 1 << DataPcr.INDEX));
      return switch (result) {
        case QuoteVerifier.Refused refused ->
            throw refused(
                "step " + refused.step().number() + " (" + refused.step() + ")",
                refused.found(),
                refused.expected());
        case QuoteVerifier.Verified verified -> boundKey(reply, hash, verified);
      };
    } catch (MalformedException e) {
      throw refused("its form", String.valueOf(e.getMessage()), "an identity quote");
    }
  }

  private static HashAlg acceptedHash(QuoteReply reply, AcceptedAlgorithms accepted) {
    if (!accepted.acceptsHash(reply.hashAlg())
        || !accepted.acceptsEncryption(reply.encAlg())
        || !accepted.acceptsSigning(reply.signAlg())) {
      throw refused(
          "its algorithms",
          reply.hashAlg() + ", " + reply.encAlg() + ", " + reply.signAlg(),
          accepted.hash() + ", " + accepted.encryption() + ", " + accepted.signing());
    }
    return HashAlg.named(reply.hashAlg())
        .orElseThrow(() -> refused("its PCR bank", reply.hashAlg(), accepted.hash().toString()));
  }

  private static RSAPublicKey boundKey(
      QuoteReply reply, HashAlg hash, QuoteVerifier.Verified verified) {
    String pem =
        reply
            .publicKeyPem()
            .orElseThrow(() -> refused("its transport key", "none", "pubkey in the answer"));
    Bytes expected = DataPcr.expected(hash, pem);
    Bytes found = verified.pcrs().get(DataPcr.INDEX).orElse(Bytes.EMPTY);
    if (!found.equals(expected)) {
      throw refused("the binding of its transport key (PCR 16)", found.hex(), expected.hex());
    }
    return TransportKey.parse(pem);
  }

  private static CommandFailed refused(String check, String found, String expected) {
    return CommandFailed.because(
        "the identity quote is not good, and nothing was handed over.\n  check     "
            + check
            + "\n  found     "
            + Encoding.printable(found, 500)
            + "\n  expected  "
            + Encoding.printable(expected, 500)
            + "\n  remedy    if the agent was just restarted, try again; otherwise this is not the TPM"
            + " that registered");
  }
}
