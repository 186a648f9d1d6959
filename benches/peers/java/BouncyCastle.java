// Bouncy Castle behind the line protocol, with javax.mail for MIME.
import java.io.*;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.*;
import java.util.*;
import javax.crypto.spec.*;
import javax.mail.Session;
import javax.mail.internet.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.mail.smime.*;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.bouncycastle.util.Store;

public class BouncyCastle {
    static final Session session = Session.getInstance(new Properties());
    static final String EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    static byte[][] mails = {};
    static String[] senders;
    static Set<TrustAnchor> anchors;
    static List<X509Certificate> recipients = List.of();
    static byte[] entity, sealed = {};
    static Object kept;
    static KeyPair ephemeral;
    static AlgorithmIdentifier oaep;

    static void verify(int number) throws Exception {
        MimeMessage message = new MimeMessage(session, new ByteArrayInputStream(mails[number]));
        SMIMESigned signed = message.isMimeType("multipart/signed")
            ? new SMIMESigned((MimeMultipart) message.getContent()) : new SMIMESigned(message);
        Store<X509CertificateHolder> bag = signed.getCertificates();
        for (SignerInformation info : signed.getSignerInfos().getSigners()) {
            JcaX509CertificateConverter converter = new JcaX509CertificateConverter().setProvider("BC");
            @SuppressWarnings("unchecked")
            X509Certificate signer =
                converter.getCertificate((X509CertificateHolder) bag.getMatches(info.getSID()).iterator().next());
            if (!info.verify(new JcaSimpleSignerInfoVerifierBuilder().build(signer))) throw new Exception("signature");
            List<X509Certificate> all = new ArrayList<>();
            for (X509CertificateHolder one : bag.getMatches(null)) all.add(converter.getCertificate(one));
            X509CertSelector selector = new X509CertSelector();
            selector.setCertificate(signer);
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, selector);
            parameters.setRevocationEnabled(false);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(all)));
            CertPathBuilder.getInstance("PKIX", "BC").build(parameters);
            if (!signer.getExtendedKeyUsage().contains(EMAIL_PROTECTION)) throw new Exception("usage");
            boolean found = false;
            for (List<?> name : signer.getSubjectAlternativeNames())
                found |= (Integer) name.get(0) == 1 && name.get(1).equals(senders[number]);
            if (!found) throw new Exception("address");
            kept = MessageDigest.getInstance("SHA-256").digest(signer.getEncoded());
        }
    }

    static final byte[] HEADER = ("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
        + "smime-type=authEnveloped-data; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").getBytes();

    static RecipientInfoGenerator generator(X509Certificate recipient, String padding) throws Exception {
        if (!(recipient.getPublicKey() instanceof RSAPublicKey))
            return new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, ephemeral.getPrivate(),
                ephemeral.getPublic(), CMSAlgorithm.AES256_WRAP).addRecipient(recipient).setProvider("BC");
        return padding.equals("oaep") ? new JceKeyTransRecipientInfoGenerator(recipient, oaep)
            : new JceKeyTransRecipientInfoGenerator(recipient);
    }

    static void encrypt(String cipher, int count, String padding) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream(entity.length * 3 / 2 + count * 600 + 4096);
        if (cipher.equals("gcm")) {
            // There is no S/MIME generator for AuthEnvelopedData.
            CMSAuthEnvelopedDataGenerator envelope = new CMSAuthEnvelopedDataGenerator();
            for (X509Certificate one : recipients.subList(0, count)) envelope.addRecipientInfoGenerator(generator(one, padding));
            OutputAEADEncryptor encryptor =
                (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM).build();
            byte[] der = envelope.generate(new CMSProcessableByteArray(entity), encryptor).getEncoded();
            out.write(HEADER);
            out.write(Base64.getMimeEncoder(64, new byte[] {13, 10}).encode(der));
        } else {
            SMIMEEnvelopedGenerator envelope = new SMIMEEnvelopedGenerator();
            for (X509Certificate one : recipients.subList(0, count)) envelope.addRecipientInfoGenerator(generator(one, padding));
            MimeBodyPart part = new MimeBodyPart(new ByteArrayInputStream(entity));
            envelope.generate(part, new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).build()).writeTo(out);
        }
        sealed = out.toByteArray();
    }

    interface Work {
        void run(int turn) throws Exception;
    }

    static void measure(double ms, int most, Work work) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long[] samples = new long[4096];
        int n = 0;
        long wall = System.nanoTime(), first = threads.getCurrentThreadCpuTime(), last = first;
        do {
            work.run(n);
            long now = threads.getCurrentThreadCpuTime();
            if (n == samples.length) samples = Arrays.copyOf(samples, n * 2);
            samples[n++] = now - last;
            last = now;
        } while ((most == 0 || n < most) && last - first < ms * 1e6 && System.nanoTime() - wall < ms * 2e7);
        samples = Arrays.copyOf(samples, n);
        Arrays.sort(samples);
        System.out.printf("{\"n\":%d,\"median_ns\":%d,\"p10_ns\":%d,\"p90_ns\":%d}%n",
            n, samples[n / 2], samples[n / 10], samples[n * 9 / 10]);
    }

    static Collection<X509Certificate> certificates(String path) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
        List<X509Certificate> all = new ArrayList<>();
        try (InputStream in = new FileInputStream(path)) {
            for (java.security.cert.Certificate one : factory.generateCertificates(in)) all.add((X509Certificate) one);
        }
        return all;
    }

    static void loadMails(String list, String root) throws Exception {
        List<String> lines = Files.readAllLines(Paths.get(list));
        mails = new byte[lines.size()][];
        senders = new String[lines.size()];
        for (int i = 0; i < mails.length; i++) {
            String[] line = lines.get(i).split("\t");
            mails[i] = Files.readAllBytes(Paths.get(line[0]));
            senders[i] = line[1];
        }
        anchors = new HashSet<>();
        for (X509Certificate one : certificates(root)) anchors.add(new TrustAnchor(one, null));
    }

    static void carryOut(String[] words) throws Exception {
        String ok = "{\"ok\":\"done\"}";
        switch (words[0]) {
            case "load_verify" -> { loadMails(words[1], words[2]); System.out.println(ok); }
            case "load_encrypt" -> {
                entity = Files.readAllBytes(Paths.get(words[1]));
                recipients = new ArrayList<>(certificates(words[2]));
                System.out.println(ok);
            }
            case "verify" -> {
                if (!words[1].equals("full")) throw new Exception("unsupported");
                measure(Double.parseDouble(words[2]), Integer.parseInt(words[3]), turn -> verify(turn % mails.length));
            }
            case "encrypt" -> {
                if (!words[4].equals("smime")) throw new Exception("unsupported");
                int count = Integer.parseInt(words[2]);
                measure(Double.parseDouble(words[5]), Integer.parseInt(words[6]), turn -> encrypt(words[1], count, words[3]));
            }
            case "dump" -> { Files.write(Paths.get(words[1]), sealed); System.out.println(ok); }
            default -> throw new Exception("unsupported");
        }
    }

    public static void main(String[] arguments) throws Exception {
        BouncyCastleProvider provider = new BouncyCastleProvider();
        Security.addProvider(provider);
        System.err.println("Bouncy Castle " + provider.getVersionStr());
        oaep = new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP,
            new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
        KeyPairGenerator keys = KeyPairGenerator.getInstance("EC", "BC");
        keys.initialize(new ECGenParameterSpec("P-256"));
        ephemeral = keys.generateKeyPair();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null && !line.equals("quit");) {
            try {
                carryOut(line.trim().split("\\s+"));
            } catch (Exception error) {
                System.out.println("{\"error\":\"" + error.toString().replaceAll("[\"\\\\\\s]+", " ") + "\"}");
            }
            System.out.flush();
        }
    }
}
