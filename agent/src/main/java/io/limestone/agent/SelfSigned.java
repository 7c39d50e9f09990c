package io.limestone.agent;

import io.limestone.wire.Bytes;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The agent's own server certificate (X.509 v3, RFC 5280): peers pin it by its bytes as registered,
 * so it needs no issuer. Its names are those of the Rust agent's (pull-protocol.md section 7.1);
 * unlike that one its signature is valid.
 */
final class SelfSigned {
  private static final Duration LIFETIME = Duration.ofDays(365);
  private static final byte[] ECDSA_SHA256 = Der.sequence(Der.oid(1, 2, 840, 10045, 4, 3, 2));
  private static final byte[] RSA_SHA256 =
      Der.sequence(Der.oid(1, 2, 840, 113549, 1, 1, 11), new byte[] {5, 0});

  private SelfSigned() {}

  /** DER of a certificate for the key, valid from {@code now} on for a year. */
  static Bytes certificate(KeyPair key, String commonName, String contactHost, Instant now)
      throws GeneralSecurityException {
    boolean rsa = key.getPrivate().getAlgorithm().equals("RSA");
    byte[] algorithm = rsa ? RSA_SHA256 : ECDSA_SHA256;
    byte[] name = Der.sequence(Der.set(Der.sequence(Der.oid(2, 5, 4, 3), Der.utf8(commonName))));
    byte[] version3 = Der.tagged(0xa0, Der.integer(BigInteger.TWO));
    byte[] serial = Der.integer(new BigInteger(127, new SecureRandom()).setBit(120));
    byte[] validity =
        Der.sequence(Der.time(now.minus(Duration.ofMinutes(5))), Der.time(now.plus(LIFETIME)));
    byte[] names = Der.sequence(Der.oid(2, 5, 29, 17), Der.octets(alternativeNames(contactHost)));
    byte[] toBeSigned =
        Der.sequence(
            version3,
            serial,
            algorithm,
            name,
            validity,
            name,
            key.getPublic().getEncoded(),
            Der.tagged(0xa3, Der.sequence(names)));
    Signature signer = Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSA");
    signer.initSign(key.getPrivate());
    signer.update(toBeSigned);
    return Bytes.of(Der.sequence(toBeSigned, algorithm, Der.bits(signer.sign())));
  }

  private static byte[] alternativeNames(String contactHost) {
    byte[] ipv6Loopback = new byte[16];
    ipv6Loopback[15] = 1;
    byte[][] known = {
      dns("localhost"),
      dns("localhost.domain"),
      Der.tagged(0x87, new byte[] {127, 0, 0, 1}),
      Der.tagged(0x87, ipv6Loopback)
    };
    byte[] contact = general(contactHost);
    List<byte[]> names = new ArrayList<>(List.of(known));
    if (names.stream().noneMatch(name -> Arrays.equals(name, contact))) {
      names.add(contact);
    }
    return Der.sequence(names.toArray(byte[][]::new));
  }

  /** An address as an address, anything else as a host name; nothing is looked up. */
  private static byte[] general(String host) {
    boolean address = host.indexOf(':') >= 0 || host.matches("[0-9]+(\\.[0-9]+){3}");
    if (address) {
      try {
        return Der.tagged(0x87, InetAddress.getByName(host).getAddress());
      } catch (UnknownHostException e) {
        return dns(host);
      }
    }
    return dns(host);
  }

  private static byte[] dns(String name) {
    return Der.tagged(0x82, name.getBytes(StandardCharsets.US_ASCII));
  }
}
