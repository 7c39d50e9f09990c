package io.limestone.agent;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import io.limestone.wire.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Keys and certificates in PEM files. Files are written whole or not at all, readable to us. */
final class KeyFiles {
  private static final int MAX_CERTIFICATES = 200;
  private static final int MAX_FILE = 1 << 20;
  static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

  private KeyFiles() {}

  /** The RSA-2048 key pair in {@code file}, made if the file is missing. */
  static KeyPair rsa2048(Path file, Secret password) throws IOException, GeneralSecurityException {
    if (!Files.exists(file)) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      KeyPair made = generator.generateKeyPair();
      writePrivate(file, made.getPrivate());
      return made;
    }
    PrivateKey key = privateKey(file, password);
    if (key instanceof RSAPrivateCrtKey rsa && rsa.getModulus().bitLength() == 2048) {
      return new KeyPair(publicOf(rsa), rsa);
    }
    throw new IOException(file + " holds no RSA key of 2048 bits");
  }

  static KeyPair newP256() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static PublicKey publicOf(RSAPrivateCrtKey key) throws GeneralSecurityException {
    return KeyFactory.getInstance("RSA")
        .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
  }

  /** A PKCS #8 private key, plain or under a password (PBES2). */
  static PrivateKey privateKey(Path file, Secret password)
      throws IOException, GeneralSecurityException {
    for (Pem.Block block : blocks(file)) {
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return pkcs8(new PKCS8EncodedKeySpec(block.content().toArray()));
        }
        case "ENCRYPTED PRIVATE KEY" -> {
          return pkcs8(decrypt(block.content(), password));
        }
        case "RSA PRIVATE KEY" -> {
          return pkcs8(new PKCS8EncodedKeySpec(wrapPkcs1(block.content().toArray())));
        }
        default -> {}
      }
    }
    throw new IOException(file + " holds no private key (PKCS #8 in PEM)");
  }

  /** PKCS #1, as older tools write RSA keys, in a PKCS #8 envelope. */
  private static byte[] wrapPkcs1(byte[] pkcs1) {
    byte[] algorithm = Der.sequence(Der.oid(1, 2, 840, 113549, 1, 1, 1), new byte[] {5, 0});
    return Der.sequence(Der.integer(BigInteger.ZERO), algorithm, Der.octets(pkcs1));
  }

  private static PKCS8EncodedKeySpec decrypt(Bytes encrypted, Secret password)
      throws IOException, GeneralSecurityException {
    EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted.toArray());
    byte[] bytes = password.reveal();
    PBEKeySpec spec = new PBEKeySpec(new String(bytes, StandardCharsets.UTF_8).toCharArray());
    try {
      // For PBES2 the parameters' own name says which key derivation and cipher are meant.
      String algorithm = String.valueOf(info.getAlgParameters());
      return info.getKeySpec(SecretKeyFactory.getInstance(algorithm).generateSecret(spec));
    } finally {
      spec.clearPassword();
      Encoding.wipe(bytes);
    }
  }

  private static PrivateKey pkcs8(PKCS8EncodedKeySpec spec) throws GeneralSecurityException {
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException anotherKind) {
        // The next kind may fit.
      }
    }
    throw new GeneralSecurityException("the private key is neither EC nor RSA");
  }

  static void writePrivate(Path file, PrivateKey key) throws IOException {
    byte[] encoded = key.getEncoded();
    write(file, Pem.text("PRIVATE KEY", Bytes.of(encoded)), OWNER_ONLY);
    Encoding.wipe(encoded);
  }

  static void writeCertificate(Path file, Bytes der) throws IOException {
    write(file, Pem.text(Pem.CERTIFICATE, der), PosixFilePermissions.fromString("rw-r--r--"));
  }

  /** Replaces {@code file} in one step. */
  static void write(Path file, String text, Set<PosixFilePermission> mode) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    Path temporary =
        Files.createTempFile(parent, ".new", "", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    try {
      Files.writeString(temporary, text);
      Files.setPosixFilePermissions(temporary, mode);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** All certificates of a PEM file, or the one of a DER file. */
  static List<X509Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    byte[] content = bounded(file);
    if (content.length > 0 && content[0] == 0x30) {
      return List.of(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(content)));
    }
    List<X509Certificate> certificates = new ArrayList<>();
    for (Pem.Block block : blocks(file)) {
      if (block.label().equals(Pem.CERTIFICATE)) {
        certificates.add(
            (X509Certificate)
                factory.generateCertificate(new ByteArrayInputStream(block.content().toArray())));
      }
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return certificates;
  }

  private static List<Pem.Block> blocks(Path file) throws IOException {
    try {
      return Pem.file(new String(bounded(file), StandardCharsets.UTF_8), MAX_CERTIFICATES);
    } catch (MalformedException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static byte[] bounded(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE) {
      throw new IOException(file + " is larger than 1 MiB");
    }
    return Files.readAllBytes(file);
  }
}
